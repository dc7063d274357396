import type { Model } from 'streamerjs';

/** Asks a model about those rows that are there, and answers null for the others: what is to pass unpriced passes in its place. */
export function passing<Row, Answer>(model: Model<Row, Answer>): Model<Row | null, Answer | null> {
  return {
    ...model,
    name: model.name,
    async predict(rows, options) {
      const asked = rows.flatMap((row) => (row === null ? [] : [row]));
      const answers = asked.length === 0 ? [] : await model.predict(asked, options);
      let next = 0;
      return rows.map((row) => (row === null ? null : (answers[next++] as Answer)));
    },
    start: async () => model.start?.(),
    health: async (options) => model.health?.(options),
    close: async () => model.close?.(),
  };
}
