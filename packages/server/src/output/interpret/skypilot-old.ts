import type { Rule } from './rule.js'

/** SkyPilot's lines until the middle of 2024, which had a head and no marks. */
export const skypilotOld: readonly Rule[] = [
  { when: /^ {0,4}CLOUD {2,16}INSTANCE /, phase: 'queued', progress: 5 },
  { when: /^Creating a new cluster: /, phase: 'queued', progress: 8 },
  {
    when: /^To view detailed progress: .{0,400}\/provision\.log$/,
    phase: 'provisioning',
    progress: 12,
  },
  { when: /^Head (?:node|VM) is up\b/, phase: 'instance_ready', progress: 52 },
  { when: /^Successfully provisioned /, phase: 'instance_ready', progress: 58 },
  { when: /^Processing file mounts\b/, phase: 'installing', progress: 60 },
  { when: /^Job submitted with Job ID: /, phase: 'installing', progress: 61 },
]
