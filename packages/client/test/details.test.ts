import { expect, test } from 'vitest'
import { detailsInLine, placeIn } from '../src/protocol/details.js'

test.each([
  ['place: rank=1 pid=7\nlogger: core.py:7\nsaid_at: 01-02 03:04:05', 'rank=1 pid=7'],
  ['logger: core.py:7\nsaid_at: 01-02 03:04:05\nsource: a.go:7', 'source: a.go:7'],
  ['logger: core.py:7', undefined],
  ['after 3 tries\nlogger: of somebody else', 'after 3 tries\nlogger: of somebody else'],
  ['', undefined],
  [undefined, undefined],
])('the details %j are shown in a line of text as %j', (details, shown) => {
  expect(detailsInLine(details)).toBe(shown)
})

test('names the place of the writer, where the details begin with one', () => {
  expect(placeIn('place: rank=1 pid=7\nlogger: m.py:5')).toBe('rank=1 pid=7')
  expect(placeIn('place: rank=1')).toBe('rank=1')
  for (const details of ['logger: m.py:5', 'in place: 3', 'x\nplace: rank=1', '', undefined]) {
    expect(placeIn(details)).toBe('')
  }
})
