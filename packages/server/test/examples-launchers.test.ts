import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { NodeRecord } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  endAll,
  PROGRAM,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
} from './support/processes.js'

const folder = fileURLToPath(new URL('../../../examples/launchers/', import.meta.url))
let server: RunningServer
/** A model server that is asked in place of any other. */
let serves: { base: string; asked: string[] }

beforeAll(async () => {
  server = await startServer()
  serves = await startModelServer()
})
afterAll(endAll)

/** Where no server answers: what fails has none. */
const NOBODY = 'http://127.0.0.1:1'

/** What the tools print, in a shell script each that stands in for them. */
const SUCCEEDS = {
  dstack: {
    tools: {
      dstack: `test "$1 $2 $3" = 'apply -y -f' && grep -q 'type: service' "$4"
        printf ' #  BACKEND  REGION  RESOURCES\\nProvisioning...\\nService is published at: \\n  http://dstack.example.org:3000/proxy/services/main/qwen/\\n'
        echo 'INFO 01-02 03:04:05 [core.py:7] Starting to load model Qwen/Qwen3-8B...'`,
    },
    endpoint: 'http://dstack.example.org:3000/proxy/services/main/qwen',
  },
  runpod: {
    tools: {
      runpodctl: `test "$1 $2" = 'create pod'; echo 'pod "abc123" created for $0.270 / hr'`,
    },
    endpoint: 'https://abc123-8000.proxy.runpod.net',
  },
  modal: {
    tools: {
      modal: `test "$1" = deploy && grep -q web_server "$2"; echo '✓ App deployed in 2.345s! 🎉'`,
      python3: `echo 'endpoint: https://me--qwen-serve.modal.run'`,
    },
    endpoint: 'https://me--qwen-serve.modal.run',
  },
  vast: {
    tools: {
      vastai: `case "$1 $2" in
        'search offers') echo '[{"id": 77, "dph_total": 0.2}]' ;;
        'create instance') test "$3" = 77; echo '{"success": true, "new_contract": 4711}' ;;
        'show instance') test "$3" = 4711
          if [ -f "$0.asked" ]; then echo '{"actual_status": "running", "status_msg": "success, running vllm", "public_ipaddr": "198.51.100.7", "ports": {"8000/tcp": [{"HostPort": "41234"}]}}'
          else touch "$0.asked"; echo '{"actual_status": null, "status_msg": "Pulling image"}'; fi ;;
        esac`,
    },
    endpoint: 'http://198.51.100.7:41234',
  },
  kubernetes: {
    tools: {
      kubectl: `case $1 in
        apply) grep -q 'kind: Deployment' "$3"; echo 'deployment.apps/qwen created' ;;
        get) exec sleep 1000 ;;
        logs) echo 'INFO 01-02 03:04:05 [core.py:7] Starting to load model Qwen/Qwen3-8B...'; exec sleep 1000 ;;
        rollout) sleep 0.5; echo 'deployment "qwen" successfully rolled out' ;;
        esac`,
    },
    endpoint: 'http://qwen.default.svc.cluster.local:8000',
  },
  ssh: {
    tools: {
      ssh: `test "$1 $2" = '-tt gpu-box.example.org'
        echo '(APIServer pid=1) INFO:     Uvicorn running on http://0.0.0.0:8000'; sleep 3`,
    },
    endpoint: 'http://gpu-box.example.org:8000',
  },
}

/** How each of them fails, and the cause that is read from that. */
const FAILS = {
  dstack: ['dstack', `echo 'No capacity: no offers match the requirements'; exit 1`, 'unknown'],
  runpod: [
    'runpodctl',
    `echo 'Error: There are no longer any instances available with the requested specifications. Please refresh and try again.' >&2; exit 1`,
    'no_capacity',
  ],
  modal: [
    'modal',
    `echo 'Error: Token missing. Could not authenticate client.' >&2; exit 1`,
    'unknown',
  ],
  vast: ['vastai', `echo '[]'`, 'unknown'],
  kubernetes: [
    'kubectl',
    `case $1 in logs | get) exec sleep 1000 ;; apply) ;; *) echo 'error: deployment "qwen" exceeded its progress deadline' >&2; exit 1 ;; esac`,
    'unknown',
  ],
  ssh: [
    'ssh',
    `echo 'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]]'; exit 125`,
    'no_gpu',
  ],
} as const

describe.each(Object.keys(SUCCEEDS) as (keyof typeof SUCCEEDS)[])('the example for %s', (name) => {
  it('makes the node active where its server answers', async () => {
    const { tools, endpoint } = SUCCEEDS[name]
    const { code, output } = await run(name, `${name}-up`, tools)
    expect(code, output).toBe(0)
    const node = await nodeOf(`${name}-up`)
    expect(node, output).toMatchObject({ status: 'active', endpoint, provider: name })
    // The rollout has asked the server already.
    if (name !== 'kubernetes') expect(serves.asked).toContain(new URL(endpoint).host)
  }, 30_000)

  it('fails the node with the reason of the tool', async () => {
    const [tool, script, cause] = FAILS[name]
    const { tools } = SUCCEEDS[name]
    const all = { ...tools, [tool]: script }
    const { code, output } = await run(name, `${name}-down`, all, NOBODY)
    expect(code, output).not.toBe(0)
    const { status, failure } = await nodeOf(`${name}-down`)
    expect({ status, code: failure?.code }, output).toEqual({ status: 'failed', code: cause })
  }, 30_000)
})

async function run(
  name: string,
  node: string,
  tools: Record<string, string>,
  modelServer = serves.base,
) {
  const path = await temporaryFolder()
  const program = `exec '${process.execPath}' --import '${path}/stand-in.mjs' '${PROGRAM}' "$@"`
  const scripts = { ...tools, launchtail: program }
  for (const [tool, script] of Object.entries(scripts)) {
    await writeFile(`${path}/${tool}`, `#!/bin/sh\n${script}\n`)
    await chmod(`${path}/${tool}`, 0o755)
  }
  await writeFile(`${path}/stand-in.mjs`, STAND_IN)
  const child = spawn('sh', [`${folder}${name}.sh`, node, 'gpu-box.example.org'], {
    env: {
      PATH: `${path}:${process.env.PATH}`,
      HOME: '/nonexistent',
      LAUNCHTAIL_URL: server.url,
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      STAND_IN: modelServer,
      PAUSE: '0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const take = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const [code] = await once(child, 'exit')
  return { code: code as number, output }
}

/** Has the probe of any server reach the one of this test. */
const STAND_IN = `
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
const request = http.request
const here = (url, options) => request(new URL(url.pathname + url.search, process.env.STAND_IN), {
  ...options,
  headers: { ...options.headers, Host: url.host },
})
http.request = here
https.request = here
syncBuiltinESMExports()
`

async function nodeOf(id: string): Promise<NodeRecord> {
  return (await (await server.fetch(`/admin/nodes/${id}`)).json()) as NodeRecord
}

async function startModelServer() {
  const asked: string[] = []
  const model = createServer(({ headers, url = '' }, response) => {
    asked.push(headers.host ?? '')
    response.writeHead(new URL(url, 'http://x').pathname.endsWith('/health') ? 200 : 404).end()
  }).listen(0, '127.0.0.1')
  await once(model, 'listening')
  model.unref()
  return { base: `http://127.0.0.1:${(model.address() as { port: number }).port}`, asked }
}
