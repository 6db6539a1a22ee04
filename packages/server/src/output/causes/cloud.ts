import type { Cause } from './cause.js'

/** Before there is a machine: SkyPilot, its API server and the clouds. */
export const cloud: readonly Cause[] = [
  {
    code: 'quota',
    // Another place may have some left, so only a launch that fails fails for it.
    maybe: [
      /\b(?:VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|QuotaExceeded|QUOTA_EXCEEDED|quotaExceeded|LimitExceededException)\b/,
      /\b[Qq]uota\b.{0,120}\b(?:exceeded|reached|insufficient|not enough)\b/,
      /\b(?:exceed(?:ed|s|ing)?|insufficient|not enough|over)\b.{0,60}\b[Qq]uotas?\b/,
      /\bquota of 0\b|\bhas no quota\b/,
    ],
    means: 'The cloud account may not have that many GPUs or machines at once.',
    advice: 'Ask the cloud for a higher quota, free machines, or choose another region or GPU.',
  },
  {
    code: 'no_capacity',
    maybe: [
      /^(?:sky\.exceptions\.\w{1,64}: )?Failed to (?:acquire resources in all zones in|provision all possible launchable resources)\b/,
      /\b(?:InsufficientInstanceCapacity|ZONE_RESOURCE_POOL_EXHAUSTED|VM_MIN_COUNT_NOT_REACHED|SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|OverconstrainedAllocationRequest|insufficient-capacity)/,
      /\bInsufficient \S{1,60} capacity on the cluster\b/,
      /\b\d{1,6}\/\d{1,6} nodes are available: .{0,400}\bInsufficient \S/,
      /\bdoes not have enough resources available to fulfill\b/,
      /\bno longer any instances available\b/i,
      /\bout of (?:host )?capacity\b/i,
    ],
    means: 'No place that was tried has such a machine free at the moment.',
    advice:
      'Try again later, allow more regions or another GPU, or switch from spot to on-demand (or the other way).',
  },
  {
    code: 'no_matching_instance',
    when: [
      /^No resource satisfying /,
      /^(?:sky\.exceptions\.\w{1,64}: )?(?:Catalog|Kubernetes cluster|\w{1,40}) does not contain any instances satisfying the request\b/,
      /\bCould not detect GPU resources\b/,
    ],
    means: 'No cloud that is enabled offers a machine with these resources.',
    advice:
      'Check how the GPU is written and whether the region has it (`sky show-gpus`); ask for fewer CPUs, GPUs or less memory.',
  },
  {
    code: 'cloud_not_enabled',
    when: [
      /\brequires \w{1,40} which is not enabled\b/,
      /\b(?:No cloud is enabled|NoCloudAccessError|No cloud access)\b/,
      /^(?:[\w.]{1,80}: )?Cloud '?\w{1,40}'? is not enabled\b/,
    ],
    means: 'SkyPilot has no access to that cloud.',
    advice: 'Set up its credentials on the machine of the API server and run `sky check`.',
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
    means: 'A cloud, or the API server, refused the credentials, or they may not do this.',
    advice:
      'Renew the credentials on the machine of the API server, check their permissions, and run `sky check`.',
  },
  {
    code: 'sky_not_installed',
    when: [/\bSkyPilot is not installed\b/, /\bsky: command not found\b/],
    means: 'The `sky` command is not there, or not on the PATH of whoever calls it.',
    advice: 'Install SkyPilot there, or set `SKYPILOT_API_SERVER_ENDPOINT`.',
  },
  {
    code: 'api_server_unreachable',
    when: [
      /\bApiServerConnectionError\b/,
      /\b(?:Could not|Cannot|Failed to) (?:connect to|reach) (?:the )?(?:SkyPilot |sky )?API server\b/i,
      /\bAPI server (?:\S{1,300} )?(?:does not answer|did not answer|cannot be reached|is (?:gone|unreachable|not reachable|out of reach))\b/i,
    ],
    means: 'The API server of SkyPilot did not answer.',
    advice: 'Check that it runs, its address, and the way to it; then launch again.',
  },
  {
    code: 'api_server_mismatch',
    when: [
      /\bAPIVersionMismatchError\b/,
      /\bAPI server \S{1,300} has a version that does not work\b/,
      /\b(?:client|server) and (?:client|server) .{0,40}versions? (?:mismatch|are (?:incompatible|not compatible))/i,
    ],
    means: 'SkyPilot and its API server are of versions that do not work together.',
    advice: 'Bring both to the same version.',
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
    means: 'The cloud took the machine back, or somebody removed it.',
    advice: 'Launch again, with on-demand machines where it must not happen.',
  },
  {
    code: 'runtime_setup_failed',
    wraps: [/^Failed to set up SkyPilot runtime\b/, /\bClusterSetUpError\b/],
    means: 'The machine came up, but SkyPilot could not be set up on it.',
    advice:
      'Read `sky logs --provision CLUSTER`; where it is not plain, launch again or elsewhere.',
  },
]
