import { clouds } from './clouds.js'
import { compose, docker } from './docker.js'
import { endings } from './endings.js'
import { hub } from './hub.js'
import { kubernetes } from './kubernetes.js'
import { llamaCpp } from './llama-cpp.js'
import { lmdeploy } from './lmdeploy.js'
import { machine } from './machine.js'
import { network } from './network.js'
import { ollama } from './ollama.js'
import { pip } from './pip.js'
import { ray } from './ray.js'
import { server } from './server.js'
import { sglang } from './sglang.js'
import { shell } from './shell.js'
import { skypilot } from './skypilot.js'
import { skypilotOld } from './skypilot-old.js'
import { slurm } from './slurm.js'
import { systemPackages } from './system-packages.js'
import { tensorrt } from './tensorrt.js'
import { tgi } from './tgi.js'
import type { Tool } from './tool.js'
import { uv } from './uv.js'
import { vllm } from './vllm.js'

export type { CauseRow, Rule, Tool, Voice } from './tool.js'

/** Where rules of several tools fit a line, the first counts; the same holds for causes. */
export const TOOLS: readonly Tool[] = [
  skypilot,
  skypilotOld,
  slurm,
  kubernetes,
  pip,
  uv,
  systemPackages,
  docker,
  compose,
  server,
  hub,
  vllm,
  sglang,
  tgi,
  tensorrt,
  llamaCpp,
  ollama,
  lmdeploy,
  ray,
  machine,
  shell,
  clouds,
  network,
  endings,
]
