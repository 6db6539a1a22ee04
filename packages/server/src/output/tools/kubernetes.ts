import type { Tool } from './tool.js'

/** Kubernetes: what its events and `kubectl` say of pods, and KServe above them. */
export const kubernetes: Tool = {
  name: 'Kubernetes and KServe',
  spoken: 'by anybody',
  rules: [
    {
      when: /^(?:\d{1,4}[smhd](?:\d{1,2}[smh])? {1,20})?(?:Warning {1,40})?(?:NodeNotReady|NodeLost|NodeShutdown|Evicted)\b/,
      level: 'error',
      example: 'Warning  NodeNotReady  1s  node-controller  Node is not ready',
    },
    {
      when: /^(?:pod|deployment|job|service|inferenceservice)(?:\.[\w.]{1,80})?\/\S{1,253} (?:created|configured|unchanged)$/,
      phase: 'queued',
      progress: 3,
      example: 'deployment.apps/vllm created',
    },
    {
      when: /^(?:\d{1,4}[smhd](?:\d{1,2}[smh])? {1,20})?(?:(?:Normal|Warning) {1,40})?(?:Scheduled|TriggeredScaleUp|NotTriggerScaleUp) {1,40}\S/,
      phase: 'provisioning',
      progress: 20,
      example:
        'Normal   Scheduled   5s   default-scheduler   Successfully assigned default/vllm to node-1',
    },
    {
      when: /^(?:\d{1,4}[smhd](?:\d{1,2}[smh])? {1,20})?(?:Warning {1,40})?FailedScheduling\b/,
      phase: 'provisioning',
      level: 'warn',
      example: 'Warning  FailedScheduling  5s  default-scheduler  0/5 nodes are available',
    },
    {
      when: /^(?:\d{1,4}[smhd](?:\d{1,2}[smh])? {1,20})?(?:Normal {1,40})?(?:Pulling|Pulled) {1,40}\S/,
      phase: 'installing',
      progress: 62,
      example: 'Normal   Pulling   4s   kubelet   Pulling image "vllm/vllm-openai"',
    },
    {
      when: /^(?:\d{1,4}[smhd](?:\d{1,2}[smh])? {1,20})?(?:(?:Warning {1,40})?(?:Failed|BackOff|FailedMount|FailedCreatePodSandBox) {1,40}(?:pod\/\S|\S.{0,80}kubelet))/,
      level: 'error',
      example: 'Warning  Failed  1s  kubelet  Error: ImagePullBackOff',
    },
    {
      when: /^[a-z0-9][a-z0-9.-]{1,252} {1,40}\d{1,3}\/\d{1,3} {1,40}(?:ImagePullBackOff|ErrImagePull|CrashLoopBackOff|OOMKilled|Error|CreateContainer\w{1,20}|Evicted)\b/,
      level: 'error',
      example: 'vllm-7c9f   0/1   CrashLoopBackOff   5   3m',
    },
    {
      when: /^[a-z0-9][a-z0-9.-]{1,252} {1,40}\d{1,3}\/\d{1,3} {1,40}Pending\b/,
      phase: 'provisioning',
      example: 'vllm-7c9f   0/1   Pending   0   3m',
    },
    {
      when: /^[a-z0-9][a-z0-9.-]{1,252} {1,40}\d{1,3}\/\d{1,3} {1,40}ContainerCreating\b/,
      phase: 'installing',
      example: 'vllm-7c9f   0/1   ContainerCreating   0   3m',
    },
    {
      when: /^\[model_server\.py:\w{1,60}\(\):\d{1,6}\] (?:Registering model|Setting max asyncio|Starting uvicorn)/,
      phase: 'model_loading',
      progress: 70,
      example:
        '2024-01-02 03:04:05.678 1 kserve INFO [model_server.py:register_model():398] Registering model: a',
    },
  ],
  causes: [
    {
      code: 'no_capacity',
      maybe: [
        /\b\d{1,6}\/\d{1,6} nodes are available: /,
        /\bdidn't match (?:Pod's|pod's) node affinity\b/,
      ],
      examples: [
        '0/5 nodes are available: 5 Insufficient nvidia.com/gpu.',
        "1 node(s) didn't match Pod's node affinity/selector",
      ],
    },
    {
      code: 'image_pull',
      when: [
        /\b(?:ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)\b/,
        /\b[Ff]ailed to pull image\b/,
      ],
      examples: [
        'vllm-0   0/1   ImagePullBackOff   0   3m',
        'pod: ErrImagePull',
        'Failed to pull image "x"',
      ],
    },
    {
      code: 'node_failure',
      when: [
        /\bnode (?:\S{1,253} )?(?:is not ready|was not ready|not ready|NotReady)\b/i,
        /\bNodeNotReady\b|\bNode(?:Lost|Shutdown)\b|\bnode\.kubernetes\.io\/(?:not-ready|unreachable)\b/,
        /\bEvicted\b.{0,200}\bnode was low on resource\b/i,
      ],
      examples: [
        'Node gpu-3 is not ready',
        'Warning  NodeNotReady  1s  node-controller  Node is not ready',
        'Evicted: The node was low on resource: ephemeral-storage.',
      ],
    },
    {
      code: 'host_out_of_memory',
      when: [/\bOOMKilled\b/],
      examples: ['Last State: Terminated, Reason: OOMKilled'],
    },
    {
      code: 'crash_loop',
      wraps: [/\bCrashLoopBackOff\b/, /\bBack-off restarting failed container\b/],
      examples: ['vllm-0: CrashLoopBackOff', 'Back-off restarting failed container vllm'],
    },
    {
      code: 'bad_setting',
      when: [
        /\bCreateContainerConfigError\b/,
        /^Error: (?:secret|configmap) "[^"]{1,253}" not found$/,
      ],
      examples: [
        'vllm-0   0/1   CreateContainerConfigError   0   3m',
        'Error: secret "hf-token" not found',
      ],
    },
  ],
}
