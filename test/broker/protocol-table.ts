import { HANDLERS } from '../../src/broker/handlers/handlers.ts';
import type { AnyField, Fields } from '../../src/wire/field.ts';

type Versions = readonly [first: number, last: number];

/** What the broker serves, read from the heads of its handlers and the tables that its codecs are made of. */
export function protocolTable(): string {
  const rows = HANDLERS.map(({ api, versions, limits }) => {
    const flexible = api.flexibleFrom <= versions[1] ? `${api.flexibleFrom}` : '-';
    return `| ${api.key} | ${api.name} | ${versions[0]} to ${versions[1]} | ${flexible} | ${limits.join('; ')} | ${fields(versions, api.request)} |`;
  });
  return ['| key | request | versions | flexible from | limits | fields |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

/** Those that some served version carries; `3+` and `until 4` say which, `?` may be null, `[]` are lists. */
function fields(versions: Versions, of: Fields): string {
  const [first, last] = versions;
  const served = Object.entries(of).filter(([, { since, until }]) => since <= last && until >= first);
  return served.map(([name, field]) => `${name}${shape(versions, field)}${span(field, first, last)}`).join(', ');
}

function shape(versions: Versions, field: AnyField): string {
  const mark = field.nullableSince <= versions[1] ? '?' : '';
  if (field.type !== 'array') return mark;
  return `${field.item.type === 'struct' ? `[${fields(versions, field.item.fields)}]` : '[]'}${mark}`;
}

function span({ since, until }: AnyField, first: number, last: number): string {
  return `${since > first ? ` (${since}+)` : ''}${until < last ? ` (until ${until})` : ''}`;
}
