/** What a commit of a task with tables says beside its offset and the finished map. */
export interface CommitMark {
  /** Of the input's topic: a topic that was deleted and created again has another id. */
  readonly topicId: string;
  /** Transactional id of the worker that committed. */
  readonly writer: string;
  /** By table, the number of the last cut that wrote its changelog partition. Absent is 0: none has. */
  readonly numbers: ReadonlyMap<string, number>;
}
