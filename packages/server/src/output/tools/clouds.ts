import type { Tool } from './tool.js'

/** What clouds answer when they are asked for a machine, whoever passes it on. */
export const clouds: Tool = {
  name: 'Clouds',
  spoken: 'by anybody',
  rules: [],
  causes: [
    {
      code: 'quota',
      // Another place may have some left, so only a launch that fails fails for it.
      maybe: [
        /\b(?:VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|QuotaExceeded|QUOTA_EXCEEDED|quotaExceeded|LimitExceededException)\b/,
        /\b[Qq]uota\b.{0,120}\b(?:exceeded|reached|insufficient|not enough)\b/,
        /\b(?:exceed(?:ed|s|ing)?|insufficient|not enough|over)\b.{0,60}\b[Qq]uotas?\b(?!.{0,40}\bdisk\b)/,
        /\bquota of 0\b|\bhas no quota\b/,
      ],
      examples: [
        'Failed to create instances: VcpuLimitExceeded: too many vCPUs',
        "Quota 'NVIDIA_H100_GPUS' exceeded. Limit: 0.0 in region r.",
        'error: pods "x" is forbidden: exceeded quota: gpu-quota',
        'The project has no quota for H100 in this region',
      ],
    },
    {
      code: 'no_capacity',
      maybe: [
        /\b(?:InsufficientInstanceCapacity|ZONE_RESOURCE_POOL_EXHAUSTED|VM_MIN_COUNT_NOT_REACHED|SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|OverconstrainedAllocationRequest|insufficient-capacity)/,
        /\b[Ii]nsufficient (?:\S{1,60} ){0,2}capacity\b/,
        /\bdoes not have enough resources available to fulfill\b/,
        /\bno longer any instances available\b/i,
        /\bout of (?:host )?capacity\b/i,
        /\bTimed out while waiting for nodes to start\b/,
      ],
      examples: [
        'botocore: InsufficientInstanceCapacity: none left',
        "Got return code 8 in us-central1-a: 'Insufficient reserved capacity.'",
        'z does not have enough resources available to fulfill it',
        'There are no longer any instances available like that.',
        'Out of host capacity.',
        'KubernetesError: Timed out while waiting for nodes to start. Cluster may be out of resources',
      ],
    },
    {
      code: 'credentials',
      when: [
        /\b(?:NoCredentialsError|DefaultCredentialsError|CredentialUnavailableError|InvalidClientTokenId|AuthFailure|ExpiredTokenException|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAuthenticationTokenTenant)\b/,
        /\bUnable to locate credentials\b/,
        /\bCould not automatically determine credentials\b/,
        /\b(?:RefreshError|Reauthentication is needed)\b/,
        /\bAADSTS\d{4,8}\b/,
        /\bUnauthorizedOperation\b|\bRequired '[\w.]{1,80}' permission for\b/,
        /\bPermission denied \(publickey\b/,
        /\bAPI server \S{1,300} wants a login\b/,
      ],
      examples: [
        'botocore.exceptions.NoCredentialsError: none found',
        'Unable to locate credentials. You can configure them.',
        'Could not automatically determine credentials.',
        'google.auth.exceptions.RefreshError: log in again',
        'AADSTS700016: no such application',
        "Required 'compute.instances.create' permission for 'p'",
        'sky@10.0.0.9: Permission denied (publickey).',
        'the SkyPilot API server http://x:1 wants a login; give it a token',
      ],
    },
    {
      code: 'preempted',
      when: [
        /\b(?:was|were|been|got) preempted\b/i,
        /\bspot (?:instance|VM|machine)s?\b.{0,80}\b(?:reclaimed|interrupted|terminated|preempted)\b/i,
      ],
      maybe: [
        /^(?:the )?[Cc]luster '?[\w.-]{1,128}'? (?:does not exist|is gone|was not found|no longer exists)/,
        /^SkyPilot knows neither the launch nor a cluster\b/,
      ],
      examples: [
        'Instance i-1 was preempted',
        'The spot instance will be reclaimed in two minutes',
        "Cluster 'cic-1' does not exist.",
        'SkyPilot knows neither the launch nor a cluster cic-1 any more',
      ],
    },
  ],
}
