import { checkFault, type FaultOptions } from './fault.ts';

interface Switch {
  readonly options: FaultOptions;
  left: number;
  hits: number;
}

/** A request that has come, before anything was done about it. */
export interface TargetRequest {
  readonly api: string;
  readonly clientId: string;
  readonly request: object;
  /** The name of a topic that the request gives by its id, as Fetch does since version 13. */
  readonly topicName: (id: string) => string | undefined;
}

/** The faults that are set, and the number of requests that each has affected. */
export class FaultSwitches {
  readonly #switches = new Map<number, Switch>();
  #count = 0;

  /** @param apis names of all request types that are served. @returns the fault's number. @throws ConfigError */
  set(options: FaultOptions, apis: readonly string[]): number {
    checkFault(options, apis);
    this.#switches.set(++this.#count, { options, left: options.times ?? 1, hits: 0 });
    return this.#count;
  }

  hits(id: number): number {
    return this.#switches.get(id)?.hits ?? 0;
  }

  /** Ends the fault; its hits can still be read. */
  clear(id: number): void {
    const one = this.#switches.get(id);
    if (one !== undefined) one.left = 0;
  }

  /** Returns the fault for this request, the one that was set first; undefined without one. */
  inject(target: TargetRequest): FaultOptions | undefined {
    if (this.#switches.size === 0) return undefined;
    for (const one of this.#switches.values()) {
      if (one.left === 0 || !concerns(one.options, target)) continue;
      one.left -= 1;
      one.hits += 1;
      return one.options;
    }
    return undefined;
  }
}

function concerns({ api, clientId, topic }: FaultOptions, target: TargetRequest): boolean {
  if (api !== target.api || (clientId !== undefined && clientId !== target.clientId)) return false;
  return topic === undefined || topicsOf(target.request, target.topicName).includes(topic);
}

/** Topics are named in a request's `topics` or `names`, in the topics of its groups, or as resources with settings. */
function topicsOf(request: object, topicName: TargetRequest['topicName']): unknown[] {
  const { topics, names, groups, resources } = request as { [field: string]: unknown };
  const lists = [topics, names, resources].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const nested = Array.isArray(groups)
    ? groups.flatMap((group: unknown) => (typeof group === 'object' && group ? topicsOf(group, topicName) : []))
    : [];
  return [...lists.map((one) => nameIn(one, topicName)), ...nested];
}

function nameIn(topic: unknown, topicName: TargetRequest['topicName']): unknown {
  if (typeof topic !== 'object' || topic === null) return topic;
  const { name, topicId }: { name?: unknown; topicId?: unknown } = topic;
  return typeof name !== 'string' || name === '' ? topicName(String(topicId)) : name;
}
