/** Secrets, and how they may turn up in an output. Made here, so that no scanner takes them for leaks. */

const ALPHABET = 'q7Wk2ZpR9xLm4TvB8nYc3JdHs6Gf1K'

/** Looks random, and is always the same. */
export function random(length: number): string {
  return ALPHABET.repeat(3).slice(0, length)
}

const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', random(40)].join('.')

/** Told by their looks. */
export const KNOWN: Readonly<Record<string, string>> = {
  'a Hugging Face token': `hf_${random(34)}`,
  'an AWS access key id': `AKIA${'QWERTYUIOPASDFGH'}`,
  'a temporary AWS key id': `ASIA${'QWERTYUIOPASDFGH'}`,
  'a Google key': `AIza${random(35)}`,
  'a GitHub token': `ghp_${random(36)}`,
  'a GitHub app token': `ghs_${random(36)}`,
  'a fine-grained GitHub token': `github_pat_${random(22)}_${random(59)}`,
  'an OpenAI key': `sk-${random(48)}`,
  'an OpenAI project key': `sk-proj-${random(20)}-${random(20)}_${random(20)}`,
  'a SkyPilot service token': `sky_${random(43)}`,
  'a SkyPilot service token that is a JWT': `sky_${JWT}`,
  'a token of ours': `lt_${random(30)}`,
  'the shortest token of ours': `lt_${random(20)}`,
  'a Slack token': `xoxb-123456789012-${random(24)}`,
  'a JWT': JWT,
}

/** More that are told by their looks, of providers that nodes have to do with. */
export const PROVIDERS: Readonly<Record<string, string>> = {
  NVIDIA: `nvapi-${random(64)}`,
  RunPod: `rpa_${random(44).toUpperCase()}`,
  Replicate: `r8_${random(37)}`,
  Groq: `gsk_${random(52)}`,
  Perplexity: `pplx-${random(48)}`,
  Together: `tgp_v1_${random(43)}`,
  xAI: `xai-${random(80)}`,
  Kaggle: `KGAT_${random(32)}`,
  'Weights & Biases': `wandb_v1_${random(60)}`,
  OpenRouter: `sk-or-v1-${hex(64)}`,
  Anthropic: `sk-ant-api03-${random(90)}AA`,
  Databricks: `dapi${hex(32)}`,
  Bedrock: `ABSK${random(88)}`,
  DigitalOcean: `dop_v1_${hex(64)}`,
  Alibaba: `LTAI${random(20)}`,
  'Fly.io': `fo1_${random(43)}`,
  OpenShift: `sha256~${random(43)}`,
  GitLab: `glpat-${random(20)}`,
  'GitLab runner': `glrt-${random(20)}`,
  'Docker Hub': `dckr_pat_${random(27)}`,
  npm: `npm_${random(36)}`,
  PyPI: `pypi-AgEIcHlwaS5vcmc${random(80)}`,
  RubyGems: `rubygems_${hex(48)}`,
  Artifactory: `AKCp${random(69)}`,
  'Slack webhook': `https://hooks.slack.com/services/T0123456/B0123456/${random(24)}`,
  'Discord webhook': `https://discord.com/api/webhooks/123456789012345678/${random(68)}`,
  Grafana: `glsa_${random(32)}_${hex(8)}`,
  Vault: `hvs.${random(90)}`,
  Doppler: `dp.pt.${random(43)}`,
  '1Password': `ops_eyJ${random(90).repeat(3)}`,
  age: `AGE-SECRET-KEY-1${random(58).toUpperCase()}`,
  Tailscale: `tskey-auth-${random(12)}-${random(30)}`,
  Stripe: `sk_live_${random(24)}`,
  SendGrid: `SG.${random(22)}.${random(43)}`,
  Sentry: `sntryu_${hex(64)}`,
  Postman: `PMAK-${hex(24)}-${hex(34)}`,
  Pulumi: `pul-${hex(40)}`,
  Prefect: `pnu_${random(36)}`,
  Linear: `lin_api_${random(40)}`,
  Notion: `ntn_12345678901${random(35)}`,
  PlanetScale: `pscale_pw_${random(43)}`,
  Telegram: `123456789:AA${random(33)}`,
  Azure: `${random(3)}8Q~${random(34)}`,
  'a JWT in base64': Buffer.from(JWT).toString('base64'),
}

function hex(length: number): string {
  return '3f9a0c71b5e2d846'.repeat(6).slice(0, length)
}

/** A value as the tools that handle it write it. */
export function writtenForms(value: string): Record<string, string> {
  const bytes = Buffer.from(value)
  return {
    plain: value,
    'in hex': bytes.toString('hex'),
    'in upper-case hex': bytes.toString('hex').toUpperCase(),
    'URL-encoded': encodeURIComponent(value),
    'URL-encoded in lower case': encodeURIComponent(value).replace(/%../g, (x) => x.toLowerCase()),
    'URL-encoded in full': Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase()}`).join(
      '',
    ),
    'as a form sends it': new URLSearchParams([['', value]]).toString().slice(1),
    'in JSON': JSON.stringify(value).slice(1, -1),
    'in JSON within JSON': JSON.stringify(JSON.stringify(value)).slice(3, -3),
    'in XML': value.replace(
      /[&<>"']/g,
      (x) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[x]};`,
    ),
    'quoted by a shell': value.replaceAll("'", "'\\''"),
    'quoted by a shell with both quotes': value.replaceAll("'", `'"'"'`),
  }
}

export interface SecretLine {
  /** As it is printed, without its line end. */
  readonly text: string
  /** What nobody may read anywhere. */
  readonly hidden: string
}

/** Ten lines with each of them. */
export function secretLines(secrets: readonly { text: string; hidden: string }[]): SecretLine[] {
  return secrets.flatMap(({ text, hidden }) =>
    AROUND.map((around) => ({ text: around(text), hidden })),
  )
}

/** Each known shape. */
export function knownSecrets(): { text: string; hidden: string }[] {
  return Object.values(KNOWN).map((text) => ({ text, hidden: text.slice(4) }))
}

/** A given value in each form and encoding. */
export function givenSecrets(value: string): { text: string; hidden: string }[] {
  const forms = Object.values(writtenForms(value)).map((text) => ({ text, hidden: text }))
  const shifted = ['base64', 'base64url'].flatMap((kind) =>
    ['', '~', '~~'].map((before) => {
      const text = Buffer.from(before + value).toString(kind as BufferEncoding)
      // At its ends a neighbour has a part in what a character says.
      return { text, hidden: text.slice(4, -4) }
    }),
  )
  return [...forms, ...shifted]
}

const AROUND: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `+ export VALUE=${secret}`,
  (secret) => `(setup pid=1293) got ${secret} from the hub`,
  (secret) => `(task, pid=4711) INFO 01-02 03:04:05 [a.py:1] ${secret}`,
  (secret) => `curl -H "Authorization: Bearer ${secret}" https://host.test/v1`,
  (secret) => `{"value": "${secret}", "n": 1}`,
  (secret) => `GET https://host.test/x?value=${secret}&n=1`,
  (secret) => `['${secret}', 'b']`,
  (secret) => `\x1b[32mvalue\x1b[0m: \x1b[1m${secret}\x1b[0m`,
  (secret) => `\x1b[1m${secret.slice(0, 7)}\x1b[0m${secret.slice(7)} is coloured`,
]
