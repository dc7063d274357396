import { HANDLERS } from '../../src/broker/handlers/handlers.ts';
import type { Api } from '../../src/wire/api.ts';
import type { AnyField, Fields } from '../../src/wire/field.ts';

/** What the broker serves, read from the tables that its codecs are made of. */
export function protocolTable(): string {
  const rows = HANDLERS.map(({ api }) => {
    const flexible = api.flexibleFrom <= api.versions[1] ? `${api.flexibleFrom}` : '-';
    return `| ${api.key} | ${api.name} | ${api.versions[0]} to ${api.versions[1]} | ${flexible} | ${fields(api, api.request)} |`;
  });
  return ['| key | request | versions | flexible from | fields |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** Those that some served version carries; `3+` and `until 4` say which, `?` may be null, `[]` are lists. */
function fields(api: Api, of: Fields): string {
  const [first, last] = api.versions;
  const served = Object.entries(of).filter(([, { since, until }]) => since <= last && until >= first);
  return served.map(([name, field]) => `${name}${shape(api, field)}${span(field, first, last)}`).join(', ');
}

function shape(api: Api, field: AnyField): string {
  const mark = field.nullableSince <= api.versions[1] ? '?' : '';
  if (field.type !== 'array') return mark;
  return `${field.item.type === 'struct' ? `[${fields(api, field.item.fields)}]` : '[]'}${mark}`;
}

function span({ since, until }: AnyField, first: number, last: number): string {
  return `${since > first ? ` (${since}+)` : ''}${until < last ? ` (until ${until})` : ''}`;
}
