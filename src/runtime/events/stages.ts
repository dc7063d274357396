/** Where an event stands that is not finished, with what governs how long it may stand there. */
export const STAGES = {
  decode: { is: 'is being decoded', setting: "the topic's serde, and the schema registry that it asks" },
  queue: { is: 'has not been started', setting: 'concurrency of the agent' },
  outside: { is: 'waits for something outside that cannot be reached', setting: 'none: it goes on when that is back' },
  handler: { is: 'is in the hands of the handler', setting: 'timeoutMs of the agent' },
  outputs: { is: 'waits for the brokers to acknowledge what was sent for it', setting: 'none: it is finished when they have' },
  retry: { is: 'waits for its next try', setting: 'onError of the agent' },
  deadLetter: { is: 'waits for its dead letter to be acknowledged', setting: 'none: the letter is tried again until it is' },
  commit: { is: 'is being committed as the next to read', setting: 'none: it is tried again with the next commit' },
} as const;

export type Stage = keyof typeof STAGES;
