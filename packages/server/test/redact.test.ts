import { describe, expect, it } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { lineDecoder } from '../src/output/lines.js'
import { createRedactor } from '../src/output/redact/index.js'
import { expectLinear } from './support/linear.js'
import { fc } from './support/property.js'
import { KNOWN, PROVIDERS, random, writtenForms } from './support/secrets.js'

const { redact } = createRedactor()

describe('credentials that are told by their looks', () => {
  for (const [name, secret] of Object.entries(KNOWN)) {
    it(`masks ${name}, wherever it stands`, () => {
      for (const text of [
        secret,
        `got ${secret}.`,
        `url?x=${secret}&y=1`,
        `"${secret}"`,
        `\\n${secret}\\n`,
        `(${secret})`,
        `a:${secret},b`,
      ]) {
        expect(redact(text)).not.toContain(secret.slice(4))
        expect(redact(text)).toContain('***')
      }
      expect(redact(`before ${secret} behind`)).toBe('before *** behind')
    })
  }

  it('leaves what it has masked as it is', () => {
    const texts = Object.values({ ...KNOWN, ...PROVIDERS })
    const headers = ['Bearer abc.def-123', 'Basic dXNlcjpwdw==', 'token s3cr3t'].flatMap(
      (value) => [
        `Authorization: ${value}`,
        `{"Authorization": "${value}"}`,
        `curl -H 'authorization: ${value}' x`,
      ],
    )
    for (const text of [...texts, ...headers]) {
      const masked = redact(text)
      expect([text, redact(masked)]).toEqual([text, masked])
    }
  })

  it('masks what an Authorization header holds', () => {
    expect(redact('Authorization: Bearer abc.def-123')).toBe('Authorization: Bearer ***')
    expect(redact("curl -H 'authorization: Basic dXNlcjpwdw==' x")).toBe(
      "curl -H 'authorization: Basic ***' x",
    )
    expect(redact('{"Authorization": "token s3cr3t"}')).toBe('{"Authorization": "token ***"}')
    expect(redact('sent bearer 0123456789abcdef')).toBe('sent bearer ***')
  })

  it('masks the password in a URL and keeps the user', () => {
    expect(redact('git clone https://user:pa55word@host.test/x.git')).toBe(
      'git clone https://user:***@host.test/x.git',
    )
    expect(redact('redis://:p@ss:w@10.0.0.1:6379/0')).toBe('redis://:***@10.0.0.1:6379/0')
    expect(redact('amqp://me:a/b@host')).toBe('amqp://me:***@host')
    expect(redact('"https:\\/\\/me:secret1@host"')).toBe('"https:\\/\\/me:***@host"')
  })

  it('masks signatures and account keys of cloud storage', () => {
    expect(redact('https://a.test/b?sv=2024&sig=aB%2Fc%3D&se=1')).toBe(
      'https://a.test/b?sv=2024&sig=***&se=1',
    )
    expect(redact(`?X-Amz-Signature=${random(64)}&x=1`)).toBe('?X-Amz-Signature=***&x=1')
    expect(redact(`AccountName=a;AccountKey=${random(40)}==;E=c`)).not.toContain(random(10))
  })

  it('masks values whose name says secret', () => {
    for (const [text, masked] of [
      ['HF_TOKEN=abcdefgh12', 'HF_TOKEN=***'],
      ['export DB_PASSWORD="a b c" # x', 'export DB_PASSWORD="***" # x'],
      ['password: hunter2', 'password: ***'],
      ["{'api_key': 'xyz', 'n': 1}", "{'api_key': '***', 'n': 1}"],
      ['{"client_secret":"x\\"y","a":"b"}', '{"client_secret":"***","a":"b"}'],
      [
        '"{\\"private_key\\": \\"a\\\\\\"b\\", \\"c\\": 1}"',
        '"{\\"private_key\\": \\"***\\", \\"c\\": 1}"',
      ],
      ['aws_secret_access_key = wJalrX/bPxRfi+CY', 'aws_secret_access_key = ***'],
      ['vllm serve m --api-key abc123 --port 80', 'vllm serve m --api-key *** --port 80'],
      ['--hf-token=abcdefgh', '--hf-token=***'],
      ['X-Admin-Token: abc', 'X-Admin-Token: ***'],
      ["SECRET='it'\\''s' next", "SECRET='***' next"],
      ['credentials => zzzzzz', 'credentials => ***'],
      ['passwd:\t12345', 'passwd:\t***'],
      ['MY_TOKEN=abc', 'MY_TOKEN=***'],
      ['{"token":"12345678901"}', '{"token":"***"}'],
      ['token-password: abc', 'token-password: ***'],
    ] as const) {
      expect(redact(text)).toBe(masked)
    }
  })

  it('leaves alone what only sounds secret', () => {
    for (const text of [
      'max_tokens=8192, num_tokens: 5, token_count: 123456789',
      'max_num_batched_tokens=16384',
      'tokenizer=meta-llama/Llama-3.1-8B, tokenizer_mode=auto, tokenizer_revision=None',
      'GPU KV cache size: 208,320 tokens',
      "'trust_remote_code': True, 'api_key': None, hf_token=None, token: null",
      "password: '' secret: None, secret=false",
      "'bos_token': '<|begin_of_text|>', eos_token=</s>",
      'Mean time per output token: 12.25',
      'cost_of_token=0.0123456 token: 1234567 unexpected token: abc',
      'PWD=/home/me',
      '--max-num-batched-tokens 8192 --tokenizer some/tokenizer-name',
      'Collecting azure-keyvault-secrets==4.8.0',
      'secretstorage==3.3.3 tokenizers==0.21.0',
      'private_key_path: /root/.ssh/id_rsa, token_file=/run/token',
      'sky_logs/sky-2025-02-27-09-15-19-016219/provision.log',
      'docker pull docker://host/image:tag@sha256:0123456789abcdef',
      'http://localhost:8000/@vite/client',
      'pip install package @ git+https://github.com/a/b@main',
      'Bearer authentication is off',
      'a task-0123456789-abcdefghijklmnopqrst and a disk-0123456789012345678901',
      'hf_overrides={} default_lt_x',
    ]) {
      expect(redact(text)).toBe(text)
    }
  })

  it('changes nothing the second time', () => {
    const secrets = Object.values(KNOWN).flatMap((secret) => [` ${secret} `, `"${secret},`])
    const pieces = [...secrets, 'password=', 'token: ', '"', "'", '\\', ' ', 'x', '@']
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces, '://a:b', '***', 'abc'), { maxLength: 8 }),
        (parts) => {
          const once = redact(parts.join(''))
          for (const secret of Object.values(KNOWN)) expect(once).not.toContain(secret)
          expect(redact(once)).toBe(once)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([
    ...['://a:', 'eyJ', '-----BEGIN PRIVATE KEY-----', 'token="', 'tokens=\\"', 'token-'],
    ...['sk-', 'sky_', 'authorization:', ' '],
  ])('needs time in proportion to a hostile text, of nothing but `%s`', (unit) => {
    // The last words are a reason to look for every shape.
    const text = (size: number) => `${unit.repeat(Math.ceil(size / unit.length))} token@host`
    expectLinear('redact', (size) => redact(text(size)), { upTo: 480_000 })
  })
})

describe('a private key', () => {
  const rows = Array.from({ length: 4 }, (_, row) => `${random(60)}${row}abc`)
  const block = [
    '-----BEGIN RSA PRIVATE KEY-----',
    ...rows,
    'Zm9v/w==',
    '-----END RSA PRIVATE KEY-----',
  ]

  it('is masked whole in one text, also with its line ends written out', () => {
    expect(redact(`a\n${block.join('\n')}\nb`)).toBe('a\n***\nb')
    expect(redact(`{"key": "${block.join('\\n')}\\n"}`)).toBe('{"key": "***\\n"}')
    expect(redact(block.slice(0, 3).join('\n'))).toBe('***')
  })

  it('is masked line by line, behind prefixes and among other lines', () => {
    const { line } = createRedactor()
    const masked = block.flatMap((text) => [
      line(`(setup pid=1) ${text}`),
      line('(worker1, rank=1, pid=2) Reading package lists...'),
    ])
    for (const text of masked) {
      expect(['(setup pid=1) ***', '(worker1, rank=1, pid=2) Reading package lists...']).toContain(
        text,
      )
    }
    expect(line(rows[0] as string)).toBe(rows[0])
  })

  it('is no reason to mask a certificate', () => {
    const { line } = createRedactor()
    const certificate = [
      '-----BEGIN CERTIFICATE-----',
      rows[0] as string,
      '-----END CERTIFICATE-----',
    ]
    expect(certificate.map((text) => line(text))).toEqual(certificate)
  })
})

describe('given values', () => {
  const VALUE = `cor/rect "horse" & <it's>+${random(12)}`
  for (const [name, form] of Object.entries(writtenForms(VALUE))) {
    it(`are masked ${name}`, () => {
      const { redact } = createRedactor({ values: [VALUE] })
      expect(redact(`a ${form} b`)).toBe('a *** b')
      expect(redact(`x${form}y${form}`)).toBe('x***y***')
    })
  }

  it('are masked in base64 wherever they stand in the encoded text', () => {
    const { redact } = createRedactor({ values: [VALUE] })
    for (const kind of ['base64', 'base64url'] as const) {
      for (let before = 0; before < 6; before++) {
        for (let behind = 0; behind < 4; behind++) {
          const text = Buffer.from('~'.repeat(before) + VALUE + '~'.repeat(behind)).toString(kind)
          const left = redact(text)
          expect(left).toContain('***')
          // At each side a neighbour has a part in one character, and the value in the same.
          const bytesLeft = Buffer.from(left.replaceAll('***', ''), kind).toString('latin1')
          for (let at = 0; at + 3 <= VALUE.length; at++) {
            expect(bytesLeft).not.toContain(VALUE.slice(at, at + 3))
          }
        }
      }
    }
  })

  it('are masked with line ends written out, and line by line', () => {
    const value = `first line ${random(8)}\nshort\nsecond line of it`
    const { redact } = createRedactor({ values: [value] })
    expect(redact(`x ${value} y`)).toBe('x *** y')
    expect(redact(`x ${value.replaceAll('\n', '\\n')} y`)).toBe('x *** y')
    expect(value.split('\n').map((line) => redact(`> ${line}`))).toEqual([
      '> ***',
      '> short',
      '> ***',
    ])
  })

  it('are masked without the line end they were read with', () => {
    expect(createRedactor({ values: [`${random(12)}\n`] }).redact(random(12))).toBe('***')
  })

  it('are left alone when they are short or ordinary words', () => {
    const { redact } = createRedactor({ values: ['abcde', 'true', 'undefined', 'default', ''] })
    const text = 'abcde true undefined default'
    expect(redact(text)).toBe(text)
  })

  it('are masked where they overlap', () => {
    const { redact } = createRedactor({ values: ['abcdefgh', 'defghijklmn', 'abcdefghijklmnop'] })
    expect(redact('<abcdefghijklmn>')).toBe('<***>')
    expect(redact('<abcdefghijklmnop>')).toBe('<***>')
    expect(redact('<abcdefghabcdefgh>')).toBe('<***>')
  })

  it('are found as plain search finds them', () => {
    const unit = fc.constantFrom('a', 'b')
    const word = fc.string({ unit, minLength: 6, maxLength: 9 })
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.string({ unit, maxLength: 40 }),
        (values, text) => {
          const masked = createRedactor({ values }).redact(text)
          for (const value of values) expect(masked).not.toContain(value)
          if (!values.some((value) => text.includes(value))) expect(masked).toBe(text)
          // Nothing but `***` came in, and what is left stands where it stood.
          expect(text).toMatch(new RegExp(`^${masked.replaceAll('***', '.*')}$`))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('may be two hundred, and of 64 KiB', () => {
    const long = Buffer.from(Array.from({ length: 49_152 }, (_, n) => (n * 7919) >> 3)).toString(
      'base64',
    )
    const many = Array.from({ length: 200 }, (_, n) => `${n * 7919}-${random(20)}-${n}`)
    const { redact } = createRedactor({ values: [long, ...many] })
    expect(redact(`a ${long} b`)).toBe('a *** b')
    expect(many.map((value) => redact(`[${value}]`))).toEqual(many.map(() => '[***]'))
  })

  it('are masked when a colour or the end of a chunk is in their middle', () => {
    const value = `${random(12)}"/é+${random(6)}`
    for (const secret of [value, JSON.stringify(value).slice(1, -1), ...Object.values(KNOWN)]) {
      for (let at = 1; at < secret.length; at++) {
        const { line } = createRedactor({ values: [value] })
        const decoder = lineDecoder()
        const coloured = `x ${secret.slice(0, at)}\x1b[1m\x1b]8;;\x07${secret.slice(at)}\x1b[0m y\r\n`
        const lines = [coloured.slice(0, at + 2), coloured.slice(at + 2)].flatMap((chunk) =>
          decoder.push(Buffer.from(chunk)),
        )
        expect(lines.map(({ text }) => line(cleanLine(text).text))).toEqual(['x *** y'])
      }
    }
  })

  it('are masked in a field that has colours, and another keeps its own', () => {
    const value = `${random(12)}"/é+${random(6)}`
    const { redact } = createRedactor({ values: [value] })
    for (const secret of [value, ...Object.values(KNOWN)]) {
      for (const at of [0, 1, 5, secret.length]) {
        const coloured = `\x1b[1m${secret.slice(0, at)}\x1b[31m${secret.slice(at)}\x1b[0m`
        expect(redact(`\x1b[32ma\n${coloured}\n b`)).toBe('a\n***\n b')
      }
    }
    expect(redact('\x1b[32mgreen\x1b[0m\r\n')).toBe('\x1b[32mgreen\x1b[0m\r\n')
  })

  it('are masked where a line that was too long cuts them off', () => {
    const value = random(90).repeat(800)
    const decoder = lineDecoder()
    const [raw] = decoder.push(Buffer.from(`key ${value}\n`))
    const { line } = createRedactor({ values: [value] })
    expect(line(raw?.text ?? '')).toMatch(/^key \*\*\* … \[cut: \d+ bytes left out\]$/)
  })
})
