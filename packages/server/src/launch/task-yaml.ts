import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  parseDocument,
  type Document as YamlDocument,
} from 'yaml'
import { refusal } from './task-refusal.js'

export type TaskDocument = YamlDocument.Parsed

/** Enough for a document that uses anchors well, and too few for one that expands without end. */
const MAX_ALIASES = 100

/** Parses YAML 1.1, as SkyPilot does. Throws a refusal of what is not YAML. */
export function readYaml(text: string): TaskDocument {
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, logLevel: 'error' })
  // An unknown tag may mean something to whoever reads the document next, even code to run.
  const [error = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')] =
    document.errors
  if (!error) return document
  if (error.code === 'MULTIPLE_DOCS') throw refusal(['it must be a single document'])
  const line = text.slice(0, error.pos[0]).split('\n').length
  throw refusal([`it is not YAML: ${error.message} (line ${line})`])
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
