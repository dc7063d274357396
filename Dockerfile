# An image of streamer with the apps that ship with it. Your own app: start from this image, copy its compiled files to
# /app/my-app, and run `worker -A ./my-app/app.js`.
FROM node:24.11-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY examples examples
RUN npm run build && find examples -name '*.ts' -delete

FROM node:24.11-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24.11-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# Weights and sample data of the examples; their sources are left out.
COPY --from=build /app/examples examples
USER node
# No init is needed: streamer handles SIGTERM itself, also as process 1.
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["--help"]
