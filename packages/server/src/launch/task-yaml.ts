import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isPair,
  isScalar,
  Lexer,
  Parser,
  visit,
  type Document as YamlDocument,
} from 'yaml'
import { refusal } from './task-refusal.js'

export type TaskDocument = YamlDocument.Parsed

/** Enough for a document that uses anchors well, and too few for one that expands without end. */
const MAX_ALIASES = 100
/** The most pieces that the YAML may fall into: marks, scalars of any length, blanks, comments. */
const MAX_PIECES = 20_000
const MAX_ENTRIES = 2000
const MAX_DEPTH = 32

/**
 * Parses YAML 1.1, as SkyPilot does. Throws a refusal of what is not YAML, and of what would take
 * long: the parser nests calls as deep as the document, and some of its checks grow with the square
 * of what they check.
 */
export function readYaml(text: string): TaskDocument {
  const composer = new Composer({
    version: '1.1',
    prettyErrors: false,
    logLevel: 'error',
    // Checked below, where it is linear.
    uniqueKeys: false,
  })
  const [document, second] = composer.compose(boundedTokens(text), true, text.length)
  if (!document) throw refusal(['it must be a map'])
  if (second) throw refusal([MANY_DOCUMENTS])
  // An unknown tag may mean something to whoever reads the document next, even code to run.
  const [error = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')] =
    document.errors
  if (error) throw notYaml(text, error.message, error.pos[0])
  refuseRepeatedKeys(text, document)
  return document
}

const MANY_DOCUMENTS = 'it must be a single document'

/** The parser's tokens. Reading stops where the document becomes too large, or is no YAML. */
function* boundedTokens(text: string): Generator<CST.Token> {
  const parser = new Parser()
  const left = { pieces: MAX_PIECES, entries: MAX_ENTRIES, aliases: MAX_ALIASES, documents: 1 }
  for (const piece of new Lexer().lex(text)) {
    if (--left.pieces < 0) throw refusal([`it has more than ${MAX_PIECES} parts`])
    if (ENTRIES.has(piece) && --left.entries < 0) {
      throw refusal([`it has more than ${MAX_ENTRIES} entries`])
    }
    if (piece[0] === '*' && --left.aliases < 0) throw refusal(['it expands too many aliases'])
    yield* checked(parser.next(piece))
    if (parser.stack.length > MAX_DEPTH) throw refusal([`it is nested deeper than ${MAX_DEPTH}`])
  }
  yield* checked(parser.end())

  function* checked(tokens: Iterable<CST.Token>): Generator<CST.Token> {
    for (const token of tokens) {
      if (token.type === 'error') throw notYaml(text, token.message, token.offset)
      if (token.type === 'document' && --left.documents < 0) throw refusal([MANY_DOCUMENTS])
      yield token
    }
  }
}

/** What each entry of a map or a list has one of. */
const ENTRIES = new Set([':', '?', '-', ','])

function refuseRepeatedKeys(text: string, document: TaskDocument): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        const value = isScalar(key) && key.value !== '<<' ? key.value : key
        if (seen.has(value)) throw notYaml(text, 'Map keys must be unique', offsetOf(key))
        seen.add(value)
      }
    },
  })
}

function offsetOf(node: unknown): number {
  return (isScalar(node) && node.range?.[0]) || 0
}

function notYaml(text: string, message: string, offset: number) {
  const line = text.slice(0, offset).split('\n').length
  return refusal([`it is not YAML: ${message} (line ${line})`])
}

/** The document as plain values, with its aliases expanded. */
export function valuesOf(document: TaskDocument): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    const { message } = cause as Error
    throw refusal([/alias count/i.test(message) ? 'it expands too many aliases' : message], cause)
  }
}

/** The single values in one of the task's maps, with their places in the text. */
export function scalarsIn(document: TaskDocument, field: 'envs' | 'secrets') {
  const map = resolved(document, document.get(field, true))
  if (!isMap(map)) return []
  return map.items.flatMap((pair) => {
    if (!isPair(pair) || !isScalar(pair.key)) return []
    const value = resolved(document, pair.value)
    return isScalar(value) ? [{ name: String(pair.key.value), value }] : []
  })
}

/** The node that an alias stands for. */
function resolved(document: TaskDocument, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}
