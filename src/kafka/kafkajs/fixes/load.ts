/** Loads one of kafkajs's modules. */
export type Load = NodeJS.Require;
