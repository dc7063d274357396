import { StreamerError } from '../../errors.ts';

/** The option that decides what follows. */
export type Decision = 'onTableReplaced' | 'onSlotLost';

const NEXT: Readonly<Record<Decision, string>> = {
  onTableReplaced:
    "Take a new snapshot, with a delete for each row that is gone: set onTableReplaced: 'snapshot', or stop the worker and run `streamer cdc reset`.",
  onSlotLost:
    "Restart the worker, or set onSlotLost: 'snapshot': both take a new snapshot, with a delete for each row that is gone. What a row was in between stays lost.",
};

/** The stream of changes has a gap. Thrown to where it is decided whether the source stops, or takes a new snapshot. */
export class Discontinuity extends Error {
  readonly decision: Decision;

  constructor(decision: Decision, message: string) {
    super(message);
    this.decision = decision;
  }

  refusal(): StreamerError {
    return new StreamerError('REFUSED', this.message, { next: NEXT[this.decision] });
  }
}
