/** What a node was launched with is kept as long as the node, and none of its secrets with it. */
import { join } from 'node:path'
import { type NodeLaunch, operations } from '@launchtail/client/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { withoutSecrets } from '../src/launch/asked.js'
import { secretsIn } from '../src/launch/launch-secrets.js'
import { parseTask } from '../src/launch/task.js'
import { openSqlite } from '../src/sqlite.js'
import { contentOf } from './support/launching.js'
import { endAll, type RunningServer, startServer, TOKEN, until } from './support/processes.js'
import { KNOWN, random } from './support/secrets.js'

const ANY = { provider: 'aws', region: 'us-east-1', gpu: 'H100' }
const VALUE = `value-${random(14)}`

describe('a request without its secrets', () => {
  test('keeps all the rest as it was asked for', () => {
    const rest = { ...ANY, gpu_count: 2, use_spot: true, disk_size: 300, tensor_parallel: 2 }
    const more = { model: 'm/m', vllm_args: '--max-model-len 8192', envs: { MAX_LEN: '8192' } }
    const request = { node_id: 'a', ...rest, ...more }
    expect(withoutSecrets({ ...request, secrets: { HF_TOKEN: VALUE } }, [VALUE])).toEqual({
      request,
      secrets: ['HF_TOKEN'],
      masked: [],
    })
  })

  test('says in which fields something else was masked', () => {
    const token = KNOWN['a Hugging Face token'] as string
    const { request, masked } = withoutSecrets(
      {
        ...ANY,
        vllm_args: `--api-key ${VALUE}`,
        task: `run: |\n  login ${token}\n  echo ${VALUE}\n`,
        envs: { ARGS: `--token ${VALUE}`, PLAIN: 'yes' },
      },
      [VALUE],
    )
    expect(masked).toEqual(['vllm_args', 'task', 'envs.ARGS'])
    expect(request).toMatchObject({
      vllm_args: '--api-key ***',
      task: 'run: |\n  login ***\n  echo ***\n',
      envs: { ARGS: '--token ***', PLAIN: 'yes' },
    })
  })

  test('masks in a task what is written with escapes or over several lines', () => {
    const token = KNOWN['a Hugging Face token'] as string
    const escaped = Array.from(token, (x) => `\\x${x.charCodeAt(0).toString(16)}`).join('')
    const own = Array.from(VALUE, (x) => `\\u00${x.charCodeAt(0).toString(16)}`).join('')
    for (const task of [
      `run: "login ${escaped}"\n`,
      `{"run": "login ${own}", "setup": "x"}`,
      `setup: x\nrun: "login ${token.slice(0, 9)}\\\n    ${token.slice(9)} now"\n`,
      `run: x\nenvs: {A: "${own}", "B${escaped}": c}\n`,
      `run: 'it''s ${token}'\n`,
    ]) {
      const { request, masked } = withoutSecrets({ ...ANY, task }, [VALUE])
      expect(masked).toEqual(['task'])
      const shown = JSON.stringify([request.task, parseYaml(request.task as string)])
      expect(shown).toContain('***')
      for (const secret of [token, VALUE, escaped, own, token.slice(9)]) {
        expect(shown).not.toContain(secret)
      }
    }
  })

  test('a variable’s name is no secret, and masks nothing', () => {
    const task = [
      'envs: {PLAIN: x}',
      'run: |',
      `  login --token $HF_TOKEN && curl -H "X-Api-Key: $\{API_KEY}" --password "$PLAIN"`,
      '  curl -H "Authorization: Bearer $HF_TOKEN" localhost # password=$ecret password=$UNKNOWN',
    ].join('\n')
    const { request, masked } = withoutSecrets({ ...ANY, task, vllm_args: '--api-key $KEY' }, [])
    expect(masked).toEqual(['vllm_args', 'task'])
    expect(request).toMatchObject({
      vllm_args: '--api-key ***',
      task: task.replace('=$ecret', '=***').replace('=$UNKNOWN', '=***'),
    })
  })

  test.each([
    ['a plain value', 'secrets:\n  A: abc # why\nrun: x\n', 'secrets:\n  A: null # why\nrun: x\n'],
    [
      'a quoted one',
      'secrets: {A: "a: b", B: \'c\'}\nrun: x',
      'secrets: {A: null, B: null}\nrun: x',
    ],
    ['a number', 'run: x\nsecrets:\n  A: 12\n', 'run: x\nsecrets:\n  A: null\n'],
    [
      'a block',
      'secrets:\n  A: |\n    a\n    b\n  B: c\nrun: x\n',
      'secrets:\n  A: null\n  B: null\nrun: x\n',
    ],
    [
      'one of the environment, by its name',
      'envs:\n  A_TOKEN: abc\n  B: c\nrun: x\n',
      'envs:\n  A_TOKEN: null\n  B: c\nrun: x\n',
    ],
    [
      'an alias',
      'envs: {C: &it abc}\nsecrets: {A: *it}\nrun: x\n',
      'envs: {C: &it null}\nsecrets: {A: *it}\nrun: x\n',
    ],
    ['one that has none', 'secrets: {A: }\nrun: x\n', 'secrets: {A: }\nrun: x\n'],
    ['JSON', '{"secrets": {"A": "abc"}, "run": "x"}', '{"secrets": {"A": null}, "run": "x"}'],
    ['one that is merged from elsewhere', 'x: &it {A: abc}\nsecrets: {<<: *it}\nrun: x\n', '***'],
  ])('leaves in the task the name and no value of %s', (_, task, kept) => {
    const names = Object.keys(secretsIn(parseTask(task)))
    const { request, secrets } = withoutSecrets({ ...ANY, task }, [])
    expect([request.task, secrets]).toEqual([kept, names])
    if (kept === '***') return
    // It is a task still, which wants from whoever launches it what is a secret.
    const read = secretsIn(parseTask(kept))
    expect(Object.values(read)).toEqual(names.map(() => null))
  })
})

describe('GET /admin/nodes/{id}/launch', () => {
  const SHORT = 'q7W9z'
  const task = `# A task.\nsetup: echo ${VALUE}\nsecrets:\n  SHORT: ${SHORT}\nrun: exit 3\n`
  const request = {
    ...{ node_id: 'kept', provider: 'local', task, model: 'm/m', disk_size: 10 },
    envs: { SIZE: '3', API_KEY: `key-${VALUE}`, LINES: 'one\ntwo' },
    secrets: { HF_TOKEN: VALUE },
  }

  afterAll(endAll)

  test('tells what was asked for, also after a restart, and never a secret', async () => {
    const server = await startServer()
    await launched(server, request)
    const told = await asked(server, 'kept')
    expect(told).toEqual({
      request: {
        ...{ node_id: 'kept', provider: 'local', region: 'local', gpu: 'cpu' },
        ...{ model: 'm/m', disk_size: 10, envs: { SIZE: '3', LINES: 'one\ntwo' } },
        task: '# A task.\nsetup: echo ***\nsecrets:\n  SHORT: null\nrun: exit 3\n',
      },
      secrets: ['SHORT', 'API_KEY', 'HF_TOKEN'],
      masked: ['task'],
    })
    await over(server, 'kept')
    const { dataDir } = server
    await server.stop()
    expect([VALUE, SHORT].filter((secret) => contentOf(dataDir).includes(secret))).toEqual([])
    const later = await startServer({ dataDir })
    expect(await asked(later, 'kept')).toEqual(told)

    // Sent again with the secrets, it is launched again: the newest launch is told of.
    const secrets = { SHORT: 'x', API_KEY: 'y', HF_TOKEN: 'z' }
    const again = { ...told.request, task: 'secrets: {SHORT: }\nrun: exit 4\n', secrets }
    await launched(later, again)
    expect(await asked(later, 'kept')).toMatchObject({ request: { task: again.task } })
    await over(later, 'kept', ' 4')
    await later.fetch('/admin/nodes/kept', { method: 'DELETE' })
    expect(await refusal(later, 'kept')).toEqual([404, 'node not found'])
  })

  test('is known only of a node that was launched here, and since it is kept', async () => {
    const server = await startServer()
    await server.post('/admin/nodes', { node_id: 'sent-in' })
    const words = 'node sent-in was not launched by this server'
    expect(await refusal(server, 'sent-in')).toEqual([404, words])
    await launched(server, { ...request, node_id: 'old' })
    await over(server, 'old')
    const { dataDir } = server
    await server.stop()
    // As it was stored before requests were kept.
    const records = await openSqlite(join(dataDir, 'records.db'))
    records.exec(`update launches set request = '{"cluster_name":"x"}'`)
    records.close()
    const later = await startServer({ dataDir })
    expect(await refusal(later, 'old')).toEqual([
      404,
      'node old was launched before requests were kept',
    ])
    await launched(later, { ...request, node_id: 'old' })
    expect(await asked(later, 'old')).toMatchObject({ request: { node_id: 'old' } })
    await over(later, 'old')
  })

  test('a value that a task declares as secret is one, wherever it is given', async () => {
    const server = await startServer()
    const given = `given-${random(12)}`
    const envs = { DECLARED: given }
    await launched(server, {
      ...{ node_id: 'declared', provider: 'local', envs },
      task: 'secrets: {DECLARED: }\nrun: echo "$DECLARED"; exit 1\n',
    })
    expect((await asked(server, 'declared')).secrets).toEqual(['DECLARED'])
    await over(server, 'declared')
    const { dataDir } = server
    await server.stop()
    expect(contentOf(dataDir)).not.toContain(given)
  })
})

async function launched(server: RunningServer, request: object): Promise<void> {
  const answer = await server.post('/admin/nodes/launch', request)
  expect([answer.status, await answer.text()]).toEqual([202, expect.any(String)])
}

async function asked(server: RunningServer, nodeId: string): Promise<NodeLaunch> {
  const answer = await server.fetch(`/admin/nodes/${nodeId}/launch`)
  const body = await answer.json()
  expect([answer.status, body]).toEqual([200, operations.getNodeLaunch.answer.parse(body)])
  return body as NodeLaunch
}

async function refusal(server: RunningServer, nodeId: string): Promise<[number, string]> {
  const answer = await server.fetch(`/admin/nodes/${nodeId}/launch`)
  const { error } = (await answer.json()) as { error: { message: string } }
  expect(JSON.stringify(error)).not.toContain(TOKEN)
  return [answer.status, error.message]
}

async function over(server: RunningServer, nodeId: string, words = ''): Promise<void> {
  await until(`${nodeId} to be over`, async () => {
    const answer = await server.fetch(`/admin/nodes/${nodeId}`)
    const { status, failure } = (await answer.json()) as {
      status: string
      failure?: { message: string; details?: string }
    }
    return status === 'failed' && JSON.stringify(failure).includes(words)
  })
}
