import { backOff, startDeadline } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import type { Launch, ServiceOfLaunch } from '../../launcher.js'
import { askForJob } from '../jobs/ask-for-job.js'
import type { Pace } from '../pace.js'
import { askForService } from '../serve/ask-for-service.js'
import { bringsUp, readReplicaName } from '../serve/replica-name.js'
import { serviceTask } from '../serve/task.js'
import { skyTaskOf, taskYaml } from '../task.js'
import type { Versions } from '../vllm-task.js'
import type { SkyApi } from './api.js'
import { askForLaunch } from './ask.js'
import type { Answer } from './ask-once.js'
import { SkyApiError } from './error.js'
import type { Handle } from './handle.js'
import { type Intent, intentIn } from './intent.js'

export interface StarterOptions {
  api: SkyApi
  versions: Versions
  pace: Pace
  /** Milliseconds that a replica has to become ready, where its launch says nothing. */
  launchTimeout: number
}

export interface Starter {
  /** Asks for the launch for a while, and returns its handle, with or without a request's id. */
  start(launch: Launch, signal?: AbortSignal): Promise<Handle>
  /** Asks once. Throws SkyApiError where it is not known how it went. */
  ask(launch: Launch, signal: AbortSignal): Promise<Answer>
  /** Waits while the launch of this folder is being asked for. */
  asked(folder: string): Promise<void>
}

/** Asks SkyPilot for launches. */
export function createStarter({
  api,
  versions,
  pace,
  launchTimeout: initialDelay,
}: StarterOptions): Starter {
  const asking = new Map<string, Promise<Answer>>()
  return { start, ask, asked }

  async function start(launch: Launch, signal?: AbortSignal): Promise<Handle> {
    const isServe = launch.request.mode === 'serve'
    const { port } = skyTaskOf(launch.request, { versions })
    const handle = { at: Date.now(), port, ...(isServe && { isServe }) }
    if (isServe && !bringsUp(readReplicaName(launch.clusterName))) {
      return { ...handle, request: null }
    }
    const deadline = startDeadline(pace.start, signal)
    try {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await answerFor(launch, signal)
        if (answer?.is === 'refused') return { ...handle, request: null, refused: answer.why }
        if (answer) return { ...handle, request: answer.id ?? null }
        // Rejects when the time is over, or the caller gives up.
        await pauseFor(backOff(attempt, pace), deadline.signal).catch(() => {})
        signal?.throwIfAborted()
        // It is asked for again while it is followed, which can be given up at any moment.
        if (deadline.passed()) return { ...handle, request: null }
      }
    } finally {
      deadline.clear()
    }
  }

  /** Undefined where it is not known how it went. */
  async function answerFor(launch: Launch, signal?: AbortSignal): Promise<Answer | undefined> {
    try {
      return await ask(launch, signal ?? new AbortController().signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof SkyApiError)) throw error
      return undefined
    }
  }

  async function ask(launch: Launch, signal: AbortSignal): Promise<Answer> {
    const { clusterName: cluster, folder, request } = launch
    const intent = intentIn(folder)
    if (intent.isCancelled()) return { is: 'refused', why: 'the launch was cancelled' }
    if (request.mode === 'serve') return kept(folder, askToServe(launch, intent, signal))
    const portless = intent.refused() !== undefined
    const task = skyTaskOf(request, { versions, portless, folder })
    // A managed job has its task's name.
    const named = { ...task, fields: { ...task.fields, name: cluster } }
    const isJob = request.mode === 'job'
    const yaml = taskYaml(isJob ? named : task, true)
    const how = { api, cluster, yaml, intent, pace, signal }
    return kept(folder, (isJob ? askForJob : askForLaunch)(how))
  }

  async function askToServe(launch: Launch, intent: Intent, signal: AbortSignal): Promise<Answer> {
    const { replicas } = await serviceOfLaunch(launch)
    const { service } = readReplicaName(launch.clusterName)
    const yaml = taskYaml(serviceTask(launch.request, { versions, replicas, initialDelay }), true)
    return askForService({ api, service, yaml, intent, pace, signal })
  }

  async function kept(folder: string, answer: Promise<Answer>): Promise<Answer> {
    asking.set(folder, answer)
    try {
      return await answer
    } finally {
      if (asking.get(folder) === answer) asking.delete(folder)
    }
  }

  async function asked(folder: string): Promise<void> {
    // Whoever asks is told how it went.
    await asking.get(folder)?.catch(() => {})
  }
}

/** Throws where nothing is known of the service. */
async function serviceOfLaunch({ service, nodeId }: Launch): Promise<ServiceOfLaunch> {
  if (service) return service()
  throw new Error(`nothing is known of the service that ${nodeId} is a replica of`)
}
