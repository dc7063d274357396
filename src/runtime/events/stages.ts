/** Where an unfinished event can stand, and the setting that governs how long. */
export const STAGES = {
  decode: { is: 'is being decoded', setting: "the topic's serde, and the schema registry that it asks" },
  queue: { is: 'has not been started', setting: 'concurrency of the agent' },
  outside: { is: 'waits for something outside that cannot be reached', setting: 'none: it goes on when that can be reached again' },
  handler: { is: 'is with its handler', setting: 'timeoutMs of the agent' },
  outputs: { is: 'waits for the brokers to acknowledge its outputs', setting: 'none: it is finished when they do' },
  retry: { is: 'waits for its next attempt', setting: 'onError of the agent' },
  deadLetter: { is: 'waits for its dead letter to be acknowledged', setting: 'none: the letter is sent again until it is' },
  commit: { is: 'is being committed as the next to read', setting: 'none: the next commit includes it again' },
} as const;

export type Stage = keyof typeof STAGES;
