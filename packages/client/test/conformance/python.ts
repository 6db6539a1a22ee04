import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { Driver, RunResult } from './behaviours.js'

const SCRIPT = fileURLToPath(new URL('python_driver.py', import.meta.url))

/** `clients/python/launchtail.py`, in one Python process: a line for each run, a line for its result. */
export function pythonDriver(): Driver {
  const waiting = new Map<number, (result: Result) => void>()
  let python: ChildProcess | undefined
  let said = ''
  let runs = 0
  afterAll(() => void python?.kill())
  return {
    name: 'the Python client',
    async run(url, nodeId, token, options) {
      python ??= start()
      runs += 1
      const run = { id: runs, url, node_id: nodeId, token, ...options }
      const result = await new Promise<Result>((resolve) => {
        waiting.set(run.id, resolve)
        python?.stdin?.write(`${JSON.stringify(run)}\n`)
      })
      if ('fault' in result) throw new Error(result.fault)
      return result
    },
  }

  function start(): ChildProcess {
    const child = spawn(process.env.PYTHON ?? 'python3', [SCRIPT])
    createInterface(child.stdout).on('line', (line) => {
      const { id, ...result } = JSON.parse(line) as { id: number } & Result
      waiting.get(id)?.(result)
      waiting.delete(id)
    })
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    const gone = () => {
      for (const tell of waiting.values()) tell({ fault: `Python left: ${said}` })
    }
    child.on('error', gone).on('close', gone)
    return child
  }
}

type Result = RunResult | { readonly fault: string }
