import type { Tool } from './tool.js'

/** SkyPilot's lines until the middle of 2024, which had a head and no marks. */
export const skypilotOld: Tool = {
  name: 'SkyPilot until the middle of 2024',
  spoken: 'by SkyPilot',
  rules: [
    {
      when: /^ {0,4}CLOUD {2,16}INSTANCE /,
      phase: 'queued',
      progress: 5,
      example: ' CLOUD   INSTANCE    vCPUs   Mem(GB)',
    },
    {
      when: /^Creating a new cluster: /,
      phase: 'queued',
      progress: 8,
      example: 'Creating a new cluster: "vllm2"',
    },
    {
      when: /^Starting cluster \S{1,128}\.\.\.$/,
      phase: 'queued',
      progress: 8,
      example: 'Starting cluster vllm2...',
    },
    {
      when: /^To view detailed progress: .{0,400}\/provision\.log$/,
      phase: 'provisioning',
      progress: 12,
      example: 'To view detailed progress: tail -n100 -f sky_logs/provision.log',
    },
    {
      when: /^Head (?:node|VM) is up\b/,
      phase: 'instance_ready',
      progress: 52,
      example: 'Head VM is up.',
    },
    {
      when: /^Successfully provisioned /,
      phase: 'instance_ready',
      progress: 58,
      example: 'Successfully provisioned or found existing VM.',
    },
    {
      when: /^Processing file mounts\b/,
      phase: 'installing',
      progress: 60,
      example: 'Processing file mounts.',
    },
    {
      when: /^Job submitted with Job ID: /,
      phase: 'installing',
      progress: 61,
      example: 'Job submitted with Job ID: 1',
    },
    {
      when: /^Got error\(s\) in (?:all zones of )?\S/,
      level: 'warn',
      example: 'Got error(s) in all zones of us-east-1:',
    },
  ],
  causes: [],
}
