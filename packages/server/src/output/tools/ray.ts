import type { Tool } from './tool.js'

/** Ray and Ray Serve. */
export const ray: Tool = {
  name: 'Ray and Ray Serve',
  spoken: 'by a server',
  voice: [
    {
      process:
        /^(?:ServeReplica|ServeController|ProxyActor|HTTPProxyActor|RayWorkerWrapper|RayServeReplica|LLMServer)/,
      phase: 'model_loading',
      example: '(ServeReplica:default:LLM pid=7) Loading',
    },
  ],
  rules: [
    {
      when: /^Started a local Ray instance\b/,
      phase: 'model_loading',
      progress: 70,
      example: '2026-01-02 03:04:05,678 INFO worker.py:1841 -- Started a local Ray instance.',
    },
    {
      when: /^(?:Deploying|Adding \d{1,5} replicas?) .{0,40}(?:app|to|deployment)\b/,
      phase: 'model_loading',
      progress: 70,
      example: 'Adding 1 replica to Deployment(name=LLM)',
    },
    {
      when: /^(?:Deployed app|Application) '\S{1,100}' (?:is ready|successfully)\b/,
      phase: 'health_check',
      progress: 90,
      example: "Application 'default' is ready at http://127.0.0.1:8000/.",
    },
    {
      when: /^Deployment '\S{1,100}' in application '\S{1,100}' has \d{1,5} replicas that have taken more than/,
      level: 'warn',
      example:
        "Deployment 'LLM' in application 'default' has 1 replicas that have taken more than 30s to be scheduled.",
    },
  ],
  causes: [
    {
      code: 'no_gpu',
      maybe: [
        /\btotal resources available: \{\}/,
        /\bNo available node types can fulfill resource request\b/,
        /\bcannot be scheduled right now\b/,
      ],
      examples: [
        'Resources required for each replica: {"GPU": 1}, total resources available: {}. Use `ray status` for more details.',
        "Error: No available node types can fulfill resource request {'GPU': 4.0}",
        "Warning: The following resource request cannot be scheduled right now: {'GPU': 4.0}",
      ],
    },
    {
      code: 'server_exited',
      wraps: [
        /\bException in (?:replica|deployment)\b.{0,250}\bthe replica will be stopped\b/i,
        /\b(?:ActorDiedError|RayActorError|RayTaskError|WorkerCrashedError|ActorUnavailableError)\b/,
        /\bThe actor (?:died|is dead)\b/,
        /\bDeployment '?\S{1,100}'? .{0,80}\b(?:DEPLOY_FAILED|UNHEALTHY)\b/,
        /\bfailed to start 3 times in a row\b/,
      ],
      examples: [
        "Exception in replica 'default#LLM#a', the replica will be stopped.",
        'ray.exceptions.ActorDiedError: it died',
        'The actor died unexpectedly before finishing this task.',
        "Deployment 'LLM' in app 'default': DEPLOY_FAILED",
        'The deployment failed to start 3 times in a row.',
      ],
    },
  ],
}
