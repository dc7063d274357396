/** Lets all who wait share a sync: one is under way, and one more stands for everybody who came since it began. */
export class GroupSync {
  private readonly sync: () => Promise<void>;
  private running: Promise<void> | undefined;
  private queued: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.sync = sync;
  }

  /** Settles with a sync that began after the call. */
  request(): Promise<void> {
    if (this.running === undefined) return this.start();
    this.queued ??= this.startAfter(this.running);
    return this.queued;
  }

  private async startAfter(earlier: Promise<void>): Promise<void> {
    await earlier.catch(() => {});
    this.queued = undefined;
    await this.start();
  }

  private start(): Promise<void> {
    const running = this.sync().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }
}
