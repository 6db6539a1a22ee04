import { describe, expect, it } from 'vitest'
import { createRedactor } from '../src/output/redact/index.js'
import { random } from './support/secrets.js'

const ROWS = [...Array.from({ length: 3 }, (_, row) => `${random(60)}${row}abc`), 'Zm9vYg==']
const SHORT = [...ROWS.slice(0, 3), 'Zm9vYmFy']
const BEGIN = '-----BEGIN RSA PRIVATE KEY-----'
const END = '-----END RSA PRIVATE KEY-----'

/** The ways in which a key comes line by line. */
const WAYS: Record<string, (row: string) => string> = {
  plain: (row) => row,
  'behind a process’s name': (row) => `(setup pid=1) ${row}`,
  'under set -x': (row) => `+ echo ${row}`,
  'under set -x, quoted': (row) => `(task, pid=1) ++ printf '${row}'`,
  'in a list': (row) => `  "${row}",`,
  'in a list of single quotes': (row) => `['${row}',`,
  'in a program': (row) => `  "${row}\\n" +`,
  'with the line continued': (row) => `${row} \\`,
  'with a mark behind it': (row) => `${row};`,
  'with a carriage return': (row) => `${row}\r`,
  'with a carriage return that is written out': (row) => `${row}\\r\\n`,
  'behind a time': (row) => `2026-01-02T03:04:05Z ${row}`,
}

describe('a private key that comes line by line', () => {
  it.each(Object.entries(WAYS))('is masked %s', (way, write) => {
    // Behind a time only a row that looks like one can be told.
    for (const rows of way === 'behind a time' ? [ROWS] : [ROWS, SHORT]) {
      const { line } = createRedactor()
      const masked = [BEGIN, ...rows, END].map((row) => line(write(row)))
      for (const row of rows) expect(masked.join('\n')).not.toContain(row)
      expect(line(write(ROWS[0] as string))).toBe(write(ROWS[0] as string))
    }
  })

  it('is no reason to mask other lines', () => {
    const { line } = createRedactor()
    line(BEGIN)
    for (const text of [
      'Reading package lists...',
      '(worker1, rank=1) Downloading https://host/a/b/c.whl (12.3 MB)',
      'Get:1 http://archive.ubuntu.com/ubuntu jammy/main amd64 libc6',
    ]) {
      expect(line(text)).toBe(text)
    }
  })
})
