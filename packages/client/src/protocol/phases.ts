/** A phase of a launch, with the progress (in percent) that it usually spans. */
export interface PhaseDefinition {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly description: string
}

/**
 * The eight phases in the order of a launch. `failed` has no range of its own: it keeps the progress
 * that the launch had reached.
 */
export const PHASE_TABLE = [
  { name: 'queued', from: 0, to: 10, description: 'Request received and validated' },
  { name: 'provisioning', from: 10, to: 50, description: 'Cloud resources are being provisioned' },
  { name: 'instance_ready', from: 50, to: 60, description: 'The instance is running' },
  {
    name: 'installing',
    from: 60,
    to: 70,
    description: 'Dependencies and vLLM are being installed',
  },
  { name: 'model_loading', from: 70, to: 85, description: 'Model weights are being loaded' },
  { name: 'health_check', from: 85, to: 95, description: 'Health checks are running' },
  { name: 'active', from: 100, to: 100, description: 'The node serves requests (terminal)' },
  { name: 'failed', from: 0, to: 100, description: 'The launch failed (terminal)' },
] as const satisfies readonly PhaseDefinition[]

export type Phase = (typeof PHASE_TABLE)[number]['name']

/** The phases' names, in order. */
export const PHASES = PHASE_TABLE.map((phase) => phase.name) as [Phase, ...Phase[]]

/** True if a launch ends with this phase. */
export function isTerminal(phase: Phase): boolean {
  return phase === 'active' || phase === 'failed'
}

/** The position of a phase in a launch, from 0, for comparing two phases. */
export function phaseOrder(phase: Phase): number {
  return PHASES.indexOf(phase)
}
