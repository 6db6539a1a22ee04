import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { must, outcomeOf, outputOf, ROOT, type Step } from './step.js'
import { CACHE, goTool, operatorDefinitions } from './tools.js'

const FOLDER = join(ROOT, 'deploy/helm')
/** The oldest that the chart names, and the newest whose schemas kubectl-validate has. */
const KUBERNETES = ['1.27', '1.30']

const KEY = Buffer.alloc(32, 7).toString('base64')
const SHARED = [
  'redis.url=redis://launchtail:secret@redis:6379',
  'database.url=postgres://launchtail:secret@postgres/launchtail',
  'admin.token=token-of-the-test',
  `secretsKey.value=${KEY}`,
]

/** What is asked of the chart, and the kinds that it must make of it. */
const VARIANTS: readonly { name: string; values: readonly string[]; kinds: readonly string[] }[] = [
  { name: 'one server with its own storage', values: [], kinds: usual() },
  {
    name: 'three servers on Redis and PostgreSQL',
    values: ['replicas=3', ...SHARED],
    kinds: [...usual(), 'Secret'],
  },
  {
    name: 'three servers with Secrets of others, and everything else',
    values: [
      'replicas=3',
      ...['redis', 'database', 'admin', 'secretsKey', 'skypilot'].map(
        (one) => `${one}.secretName=mine`,
      ),
      'skypilot.endpoint=https://sky.example.org',
      'serviceMonitor.enabled=true',
      'serviceMonitor.labels.release=prometheus',
      'settings.LAUNCHTAIL_RETENTION=48h',
      'networkPolicy.from[0].namespaceSelector.matchLabels.name=ingress',
      'networkPolicy.egress[0].ports[0].port=6379',
      'persistence.storageClass=fast',
      'extraVolumes[0].name=ca',
      'extraVolumes[0].configMap.name=ca',
      'extraVolumeMounts[0].name=ca',
      'extraVolumeMounts[0].mountPath=/etc/ca',
      'extraEnv[0].name=NODE_EXTRA_CA_CERTS',
      'extraEnv[0].value=/etc/ca/ca.pem',
      'podDisruptionBudget.maxUnavailable=34%',
    ],
    kinds: [...usual(), 'ServiceMonitor'],
  },
  {
    name: 'as little as possible',
    values: [
      'podDisruptionBudget.enabled=false',
      'networkPolicy.enabled=false',
      'persistence.enabled=false',
      'topologySpread=false',
      'drain.preStop=0',
    ],
    kinds: ['Service', 'Service', 'ServiceAccount', 'StatefulSet'],
  },
]

/** What is refused, and the words of the sentence. */
const REFUSED: readonly [string, readonly string[], string][] = [
  ['three servers without either', ['replicas=3'], 'replicas: 3 needs Redis and PostgreSQL'],
  [
    'three servers without PostgreSQL',
    ['replicas=3', 'redis.url=redis://redis:6379'],
    'replicas: 3 needs Redis and PostgreSQL',
  ],
  [
    'PostgreSQL without Redis',
    ['database.url=postgres://postgres/launchtail'],
    'database needs redis',
  ],
  ['PostgreSQL without a token', SHARED.slice(0, 2), 'database needs admin.token'],
  ['metrics without a token', ['serviceMonitor.enabled=true'], 'serviceMonitor needs admin.token'],
  ['a misspelt value', ['replcas=3'], "additional properties 'replcas' not allowed"],
  ['a number that is none', ['replicas=many'], 'got string, want integer'],
  ['an address of another kind', ['redis.url=http://redis'], 'redis'],
  [
    'a drain past the chart',
    ['settings.LAUNCHTAIL_DRAIN=1s'],
    "invalid propertyName 'LAUNCHTAIL_DRAIN'",
  ],
]

export const CHART: readonly Step[] = [
  {
    name: 'chart: helm finds no fault in it',
    async run() {
      await outputOf(await goTool('helm'), ['lint', '--strict', FOLDER])
    },
  },
  ...VARIANTS.map(({ name, values, kinds }) => ({
    name: `chart: every object of ${name} is one that Kubernetes takes`,
    async run() {
      const rendered = await render(values)
      const documents = parseAllDocuments(rendered).map((one) => one.toJS() as KubernetesObject)
      const found = documents.map(({ kind }) => kind).sort()
      must(
        found.join() === [...kinds].sort().join(),
        `it made ${found.join(', ')}, and should have made ${[...kinds].sort().join(', ')}`,
      )
      stopsInTime(documents)
      await validate(values)
    },
  })),
  ...REFUSED.map(([name, values, words]) => ({
    name: `chart: ${name} is refused`,
    async run() {
      const { code, stderr } = await outcomeOf(await goTool('helm'), templateOf(values))
      must(code !== 0 && stderr.includes(words), `it should say "${words}", and said: ${stderr}`)
    },
  })),
]

interface KubernetesObject {
  readonly kind: string
  readonly spec: unknown
}

function usual(): string[] {
  return [
    ...['NetworkPolicy', 'PodDisruptionBudget', 'Service', 'Service', 'ServiceAccount'],
    'StatefulSet',
  ]
}

function templateOf(values: readonly string[], more: readonly string[] = []): string[] {
  const set = values.flatMap((value) => ['--set', value])
  return ['template', 'test', FOLDER, '--kube-version', `${KUBERNETES[1]}.0`, ...set, ...more]
}

async function render(values: readonly string[], more: readonly string[] = []): Promise<string> {
  return outputOf(await goTool('helm'), templateOf(values, more))
}

async function validate(values: readonly string[]): Promise<void> {
  const kubectlValidate = await goTool('kubectl-validate')
  const definitions = await operatorDefinitions()
  const folder = join(CACHE, 'rendered')
  await rm(folder, { recursive: true, force: true })
  await render(values, ['--output-dir', folder])
  const objects = join(folder, 'launchtail/templates')
  const files = await readdir(objects)
  must(files.length >= 3, `helm wrote only ${files.join(', ')}`)
  for (const version of KUBERNETES) {
    const args = ['--version', version, '--local-crds', definitions, objects]
    await outputOf(kubectlValidate, args)
  }
}

interface PodOwner {
  template: {
    spec: {
      terminationGracePeriodSeconds: number
      containers: {
        env: { name: string; value?: string }[]
        lifecycle?: { preStop: { exec: { command: string[] } } }
      }[]
    }
  }
}

/** Kubernetes must wait for longer than the server takes, or it kills what is being ended in order. */
function stopsInTime(documents: readonly KubernetesObject[]): void {
  const { spec } = documents.find(({ kind }) => kind === 'StatefulSet') as { spec: PodOwner }
  const { terminationGracePeriodSeconds, containers } = spec.template.spec
  const [{ env, lifecycle }] = containers as [(typeof containers)[number]]
  const seconds = (name: string) =>
    Number(/^(\d+)s$/.exec(env.find((one) => one.name === name)?.value ?? '')?.[1])
  const needed =
    Number(lifecycle?.preStop.exec.command[1] ?? 0) +
    seconds('LAUNCHTAIL_DRAIN_DELAY') +
    seconds('LAUNCHTAIL_DRAIN')
  must(
    terminationGracePeriodSeconds >= needed + 5,
    `the server takes ${needed} s to stop, and Kubernetes waits ${terminationGracePeriodSeconds} s`,
  )
}
