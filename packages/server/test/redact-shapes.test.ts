import { describe, expect, it } from 'vitest'
import { createRedactor } from '../src/output/redact/index.js'
import { KNOWN, PROVIDERS, random } from './support/secrets.js'

const { redact } = createRedactor()

describe('a provider’s token', () => {
  it.each(Object.entries(PROVIDERS))('of %s is masked, wherever it stands', (_, secret) => {
    const hidden = secret.slice(-16)
    for (const text of [
      ...[
        secret,
        `got ${secret}.`,
        `"${secret}"`,
        `\\n${secret}\\n`,
        `(${secret})`,
        `a:${secret},b`,
      ],
      ...[`x%3D${secret}`, `\\u0022${secret}\\u0022`, `VALUE=${secret}`, `'${secret}'`],
    ]) {
      expect(redact(text)).toContain('***')
      expect(redact(text)).not.toContain(hidden)
    }
  })
})

describe('a secret without a shape of its own', () => {
  it.each([
    ['password=optional-Tr0ub4dor3xyz', 'password=***'],
    ['token: nonesuch-8472', 'token: ***'],
    ['docker login -u me -p hunter22 ghcr.io', 'docker login -u me -p *** ghcr.io'],
    ["['docker', 'login', '-p', 'a b']", "['docker', 'login', '-p', '***']"],
    ['+ podman login -p=hunter22 host', '+ podman login -p=*** host'],
    ['curl -u a:b http://host', 'curl -u *** http://host'],
    ['curl -fsS --user "me:a b" http://host', 'curl -fsS --user "***" http://host'],
    ['curl -ume:pw http://host', 'curl -u*** http://host'],
    ['sshpass -p hunter22 ssh host', 'sshpass -p *** ssh host'],
    ['mysql -h db -phunter22', 'mysql -h db -p***'],
    ['redis-cli -a hunter22 ping', 'redis-cli -a *** ping'],
    ['skopeo copy --src-creds me:pw a b', 'skopeo copy --src-creds *** a b'],
    [
      '{"auths": {"ghcr.io": {"auth": "bWU6aHVudGVyMjI="}}}',
      '{"auths": {"ghcr.io": {"auth": "***"}}}',
    ],
    ['<password>x</password>', '<password>***</password>'],
    ['<ns:apiKey n="1">a b</ns:apiKey>', '<ns:apiKey n="1">***</ns:apiKey>'],
    ['&lt;token&gt;x1&lt;/token&gt;', '&lt;token&gt;***&lt;/token&gt;'],
    ['<password>\n  x1\n</password>', '<password>\n  ***\n</password>'],
    ['"password":\n  "hunter2",', '"password":\n  "***",'],
    ['password: |\n  correct-horse\nuser: me', 'password: |\n  ***\nuser: me'],
    [
      'vllm serve m --api-key \\\n  abc-1 \\\n  --port 80',
      'vllm serve m --api-key \\\n  *** \\\n  --port 80',
    ],
  ])('is masked: %s', (text, masked) => {
    expect(redact(text)).toBe(masked)
    expect(redact(masked)).toBe(masked)
  })

  it('is masked where its name ends the line before', () => {
    const { line } = createRedactor()
    const lines = ['(task, pid=1) password:', '(task, pid=1)   hunter2', '(task, pid=1) hunter2']
    expect(lines.map(line)).toEqual([lines[0], '(task, pid=1)   ***', lines[2]])
    expect(['<token>', 'abcdefgh', '</token>'].map(line)).toEqual(['<token>', '***', '</token>'])
  })
})

describe('a secret that is cut by what is not shown', () => {
  const value = `a value of ${random(12)}`
  const cuts = {
    ...{ 'a zero-width space': '\u200b', 'a joiner': '\u200d', 'a soft hyphen': '\u00ad' },
    ...{ 'a bidirectional mark': '\u200e', 'an override': '\u202e', 'a byte order mark': '\ufeff' },
    ...{
      'a selector': '\ufe0f',
      'a tag': '\u{e0041}',
      'a title': '\x1b]0;t\x07',
      'a link': '\x9d8;;\x9c',
    },
    ...{ 'a colour': '\x1b[31m', 'a character set': '\x1b F', 'a carriage return': '\r' },
  }
  it.each(Object.entries(cuts))('is masked with %s in its middle', (_, cut) => {
    const { redact } = createRedactor({ values: [value] })
    for (const secret of [value, ...Object.values(KNOWN)]) {
      for (const at of [1, 5, secret.length - 1]) {
        const text = `x ${secret.slice(0, at)}${cut}${secret.slice(at)} y`
        expect(redact(text)).toBe('x *** y')
        expect(redact(`first\n${text}`)).toBe('first\nx *** y')
      }
    }
  })

  it('is masked with an escape sequence that takes in a line’s end', () => {
    const secret = KNOWN['a Hugging Face token'] as string
    const text = `${secret.slice(0, 9)}\x1b]0;\n\x07${secret.slice(9)}`
    expect(redact(text)).toBe('***')
  })
})
