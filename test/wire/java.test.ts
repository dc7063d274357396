import { describe, expect, it } from 'vitest';
import { differences } from './java/compare.ts';
import { goldenMessages } from './java/golden.ts';
import { FORMS } from './java/messages.ts';

describe("messages that Kafka's Java client wrote are read field by field and written back byte for byte", () => {
  const messages = goldenMessages();
  it.each(FORMS)('$name version $version, $side', ({ api, version, side }) => {
    const message = messages.find((one) => one.key === api.key && one.version === version && one.side === side);
    expect(message, 'run `npm run wire:record`').toBeDefined();
    expect(message && differences(message)).toEqual([]);
  });
});
