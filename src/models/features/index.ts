export type { FeatureMap, RowOf } from './declaration.ts';
export {
  type Feature,
  type LogFeature,
  type LookupFeature,
  log,
  lookup,
  type NumericFeature,
  numeric,
  type OneHotFeature,
  type OrdinalFeature,
  oneHot,
  ordinal,
  type StandardFeature,
  standardise,
} from './feature.ts';
export { Features, type FeaturesFile, features } from './features.ts';
export { featuresFromJson } from './from-json.ts';
