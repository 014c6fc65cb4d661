import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

/** One broken rule of a document, with its place. */
export interface DocumentProblem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Such as `validators[2].signingKey`; empty for the whole document. */
  readonly path: string;
  readonly rule: string;
  /** What to do. */
  readonly fix: string;
}

/** Longest document that is read. */
const DOCUMENT_BYTES_MAX: number = 16 * 1024 * 1024;

/** Collects what is wrong with one document. */
export interface ProblemSink {
  readonly problems: DocumentProblem[];
  readonly lines: LineCounter;
}

/**
 * A value of a YAML or JSON document together with its place. Every scalar is text: so a key of 64 decimal digits
 * stays what was written. Whatever does not fit is recorded as a problem, and the reading goes on.
 */
export class Located {
  readonly path: string;
  readonly #node: unknown;
  readonly #offset: number;
  readonly #sink: ProblemSink;

  constructor(node: unknown, path: string, offset: number, sink: ProblemSink) {
    this.path = path;
    this.#node = node;
    this.#offset = offset;
    this.#sink = sink;
  }

  /** Records a broken rule at this place. */
  problem(rule: string, fix: string): undefined {
    const { line, col } = this.#sink.lines.linePos(this.#offset);
    this.#sink.problems.push({ line, column: col, path: this.path, rule, fix });
    return undefined;
  }

  /** The text of a scalar. */
  text(): string | undefined {
    if (isScalar(this.#node) && typeof this.#node.value === 'string') return this.#node.value;
    return this.problem('a single value is expected', 'write one text or number');
  }

  /** Whether this is a scalar that reads so. */
  isText(text: string): boolean {
    return isScalar(this.#node) && this.#node.value === text;
  }

  /** The items of a list. */
  items(): readonly Located[] {
    const node = this.#node;
    if (!isSeq(node))
      return this.problem('a list is expected', 'write "- item" on lines of their own, or [item]') ?? [];
    return node.items.map((item, index) => this.#child(item, `${this.path}[${index}]`));
  }

  /** The fields of a mapping, none of them outside `known`. */
  fields(known: readonly string[]): ReadonlyMap<string, Located> {
    const fields = new Map<string, Located>();
    const node = this.#node;
    if (!isMap(node)) {
      this.problem('a mapping is expected', `write the fields ${known.join(', ')}`);
      return fields;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const path = this.path === '' ? name : `${this.path}.${name}`;
      if (known.includes(name)) fields.set(name, this.#child(value, path, offsetOf(key)));
      else this.#child(key, path).problem(`"${name}" is unknown here`, `use one of ${known.join(', ')}`);
    }
    return fields;
  }

  #child(node: unknown, path: string, otherwise: number | undefined = this.#offset): Located {
    const child = new Located(node, path, offsetOf(node) ?? otherwise ?? this.#offset, this.#sink);
    if (isAlias(node)) child.problem('an alias is not allowed', 'write the value out');
    return child;
  }
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/** What a reader makes of a document: its value where there is no problem at all. */
export type DocumentResult<T> =
  | { readonly value: T; readonly problems?: never }
  | { readonly problems: readonly DocumentProblem[] };

/**
 * Reads a YAML or JSON document.
 * @param read - Makes the value, or records problems and returns `undefined`.
 */
export function readDocument<T>(text: string, read: (root: Located) => T | undefined): DocumentResult<T> {
  const lines = new LineCounter();
  const sink: ProblemSink = { problems: [], lines };
  if (text.length > DOCUMENT_BYTES_MAX)
    return {
      problems: [{ line: 1, column: 1, path: '', rule: 'the document is too long', fix: 'is it the right file?' }],
    };
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    sink.problems.push({ line, column: col, path: '', rule: error.message, fix: 'correct the YAML or JSON here' });
  }
  if (sink.problems.length > 0) return { problems: sink.problems };
  const value = read(new Located(document.contents, '', 0, sink));
  if (sink.problems.length > 0 || value === undefined) return { problems: sink.problems };
  return { value };
}

/** Problems as text, a line each: `file:line:column: path: rule; fix`. */
export function describeProblems(file: string, problems: readonly DocumentProblem[]): string {
  return problems
    .map(({ line, column, path, rule, fix }) => `${file}:${line}:${column}: ${path && `${path}: `}${rule}; ${fix}`)
    .join('\n');
}
