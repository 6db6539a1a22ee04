import type { Expression, OrderTerm, Term, WordsTerm } from './expression.js'

/** A query as text. Read again, it is the same query. */
export function printQuery(expression: Expression): string {
  switch (expression.kind) {
    case 'all':
      return ''
    case 'or':
      return expression.parts.map(printQuery).join(' OR ')
    case 'and':
      return expression.parts
        .map((part) => (part.kind === 'or' ? bracketed(part) : printQuery(part)))
        .join(' ')
    case 'not': {
      const { part } = expression
      if (part.kind === 'not') return `NOT ${printQuery(part)}`
      const isGroup = part.kind === 'and' || part.kind === 'or'
      return `-${isGroup ? bracketed(part) : printQuery(part)}`
    }
    default:
      return printTerm(expression)
  }
}

function bracketed(expression: Expression): string {
  return `(${printQuery(expression)})`
}

function printTerm(term: Term): string {
  switch (term.kind) {
    case 'words':
      return printWords(term)
    case 'pattern':
      return `${term.field ? `${term.field}:` : ''}/${term.source}/${term.flags}`
    case 'has':
      return `${term.field}:*`
    case 'is':
      return `${term.field}:${term.value}`
    case 'order':
      return `${term.field}:${printComparison(term)}`
  }
}

function printComparison({ comparison, value, to }: OrderTerm): string {
  if (comparison === '..') return `${value ?? ''}..${to ?? ''}`
  return `${comparison === '=' ? '' : comparison}${value}`
}

function printWords({ field, exactly, pieces }: WordsTerm): string {
  const before = field ? `${field}:${exactly ? '=' : ''}` : ''
  const text = pieces.filter((piece) => typeof piece === 'string').join('')
  // A phrase reads better, and is the same.
  if (pieces.length === 1 && /[\s()]/.test(text)) {
    return `${before}"${text.replace(/["\\]/g, '\\$&')}"`
  }
  const word = pieces
    .map((piece) => (typeof piece === 'string' ? escaped(piece) : piece.wildcard))
    .join('')
  return before + word.replace(BEGINS_OTHERWISE, '\\$&')
}

function escaped(text: string): string {
  return text.replace(/[\s()":\\*?]|\.(?=\.)/g, '\\$&')
}

/** At its beginning, a word would be taken for something else. */
const BEGINS_OTHERWISE = /^(?:[-/<>=]|(?:OR|AND|NOT)$)/
