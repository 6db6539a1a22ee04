import { nearest } from '../protocol/nearest.js'
import type { Expression } from './expression.js'
import { ALIASES, FIELDS, type Field, type FieldName, fieldNamed } from './fields.js'
import { QueryError } from './query-error.js'
import type { FieldSyntax, SpannedText, Syntax, Tree } from './syntax.js'
import { understandText } from './understand-text.js'
import { understandValue } from './understand-value.js'

/** Gives what was written its meaning. Throws a QueryError where it has none. */
export function understand(syntax: Syntax): Expression {
  return mapped(syntax, (leaf) =>
    leaf.type === 'text' ? understandText(leaf.value, undefined) : understandField(leaf),
  )
}

/** The list after a field is the same as its field with each of the values. */
function understandField({ name, comparison, value }: FieldSyntax): Expression {
  const field = knownField(name)
  return mapped(value, (one) => understandValue(one, { field, comparison, name }))
}

function mapped<Leaf extends { type: string }>(
  tree: Tree<Leaf>,
  toExpression: (leaf: Leaf) => Expression,
): Expression {
  if ('parts' in tree) {
    const parts = tree.parts.map((part) => mapped(part, toExpression))
    return { kind: tree.type, parts: parts.flatMap((part) => partsOf(part, tree.type)) }
  }
  if ('part' in tree) return { kind: 'not', part: mapped(tree.part, toExpression) }
  return toExpression(tree as Leaf)
}

/** `(a b) c` is `a b c`. */
function partsOf(expression: Expression, kind: 'and' | 'or'): readonly Expression[] {
  return expression.kind === kind ? expression.parts : [expression]
}

function knownField({ text, at, end }: SpannedText): Field & { name: FieldName } {
  const field = fieldNamed(text) ?? fieldNamed(text.toLowerCase())
  if (field) return field as Field & { name: FieldName }
  const meant = ALIASES[text.toLowerCase()] ?? nearest(text, NAMES)
  const instead = meant ? `; did you mean '${meant}'?` : ''
  throw new QueryError(
    `there is no field '${text}'${instead || `; to search for the text, put it in quotes`}`,
    { at, end },
  )
}

const NAMES = FIELDS.map(({ name }) => name)
