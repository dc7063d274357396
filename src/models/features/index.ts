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
export { type FeatureMap, Features, type FeaturesFile, features, featuresFromJson, type RowOf } from './features.ts';
