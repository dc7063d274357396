import { type Function as FunctionNode, parseSync, type TSAsExpression, type TSTypeAssertion, Visitor } from 'oxc-parser';

/** What the figures and the checks need to know of one source file. */
export interface SourceFile {
  /** Path below the root, with `/`: `runtime/worker.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly functions: readonly Place[];
  /** Casts, `as const` not counted. */
  readonly casts: readonly Place[];
  /** Non-null assertions: `x!`. */
  readonly nonNull: readonly Place[];
  /** Module specifiers as written, of every kind: imports, type-only imports, re-exports, `import()` as an expression and as a type. */
  readonly imports: readonly Import[];
}

/** A stretch of a file. */
export interface Place {
  readonly path: string;
  /** Line on which it starts, from 1. */
  readonly line: number;
  /** Number of lines it spans. */
  readonly lines: number;
}

export interface Import {
  readonly specifier: string;
  /** The module is loaded with the one that imports it: the import is neither of types alone nor an `import()`. */
  readonly isLoaded: boolean;
  readonly line: number;
}

/** Parses a file. Throws for text that is not TypeScript. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const lineAt = lineFinder(text);
  const functions: Place[] = [];
  const casts: Place[] = [];
  const nonNull: Place[] = [];
  const imports: Import[] = [];
  const place = ({ start, end }: Span): Place => ({ path, line: lineAt(start), lines: lineAt(end) - lineAt(start) + 1 });
  const imported = (source: unknown, kind: 'value' | 'type' | 'later'): void => {
    if (isText(source)) imports.push({ specifier: source.value, line: lineAt(source.start), isLoaded: kind === 'value' });
  };
  const addFunction = (node: Pick<FunctionNode, 'body' | 'start' | 'end'>): void => {
    if (node.body?.type === 'BlockStatement') functions.push(place(node));
  };
  const addCast = (node: TSAsExpression | TSTypeAssertion): void => {
    if (!isConst(node)) casts.push(place(node));
  };
  new Visitor({
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: (node) => {
      if (node.body.type === 'BlockStatement') functions.push(place(node));
    },
    TSAsExpression: addCast,
    TSTypeAssertion: addCast,
    TSNonNullExpression: (node) => nonNull.push(place(node)),
    ImportDeclaration: (node) => imported(node.source, node.importKind === 'type' ? 'type' : 'value'),
    ExportNamedDeclaration: (node) => imported(node.source, node.exportKind === 'type' ? 'type' : 'value'),
    ExportAllDeclaration: (node) => imported(node.source, node.exportKind === 'type' ? 'type' : 'value'),
    ImportExpression: (node) => imported(node.source, 'later'),
    TSImportType: (node) => imported(node.source, 'type'),
  }).visit(program);
  return { path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), functions, casts, nonNull, imports };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function isText(node: unknown): node is Span & { readonly value: string } {
  return typeof node === 'object' && node !== null && 'value' in node && typeof node.value === 'string';
}

function isConst({ typeAnnotation: type }: TSAsExpression | TSTypeAssertion): boolean {
  return type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'const';
}

/** Returns a function from an offset in the text to its line, from 1. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
