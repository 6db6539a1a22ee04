/**
 * Causes that another attempt may not meet: there or elsewhere, a moment later. All others would fail the
 * launch again, or need somebody to change something.
 */
export const WORTH_ANOTHER: ReadonlySet<string> = new Set([
  'api_server_unreachable',
  'gpu_busy',
  'gpu_fault',
  'network',
  'no_capacity',
  'node_failure',
  'preempted',
  'rate_limited',
  'runtime_setup_failed',
  'ssh_unreachable',
])
