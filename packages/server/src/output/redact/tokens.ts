import { patternRule, type Rule } from './rule.js'
import { WORD_BEGIN } from './word-begin.js'

/**
 * Tokens that are told by how they begin. Prefixes, alphabets and lengths are facts from the
 * providers' documentation and from the rules of gitleaks 8
 * (https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml); where they differ, the
 * shorter length counts, since an output may end in the middle of a token.
 */
export const TOKENS: readonly Rule[] = [
  // Of the hubs and clouds that models are served from.
  within('Hugging Face', ['hf_', 'api_org_'], '(?:oauth_)?[A-Za-z0-9]{16,}', ['hf_', 'i_o']),
  token('NVIDIA', ['nvapi-'], '[\\w-]{20,}'),
  token('RunPod', ['rpa_'], '[A-Z0-9]{20,}[A-Za-z0-9]*'),
  token('Replicate', ['r8_'], '[A-Za-z0-9]{20,}'),
  token('Groq', ['gsk_'], '[A-Za-z0-9]{30,}'),
  token('Perplexity', ['pplx-'], '[A-Za-z0-9]{30,}', ['plx']),
  token('Together', ['tgp_v1_'], '[\\w-]{20,}'),
  token('xAI', ['xai-'], '[A-Za-z0-9]{40,}'),
  token('Kaggle', ['KGAT_'], '[A-Za-z0-9]{20,}'),
  token('Weights & Biases', ['wandb_v1_'], '[\\w-]{20,}', ['b_v']),
  token('OpenAI', ['sk-'], '(?=[a-z_-]{0,100}[A-Z0-9])[\\w-]{20,}'),
  token('Databricks', ['dapi'], '[a-f0-9]{32,}'),
  // Of the clouds that nodes are rented from.
  within('AWS', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], '[A-Z2-7][A-Z0-9]{15}(?![a-z])', [
    'kia',
    'sia',
    'bia',
    'cca',
  ]),
  token('Bedrock', ['ABSK'], '[A-Za-z0-9+/]{60,}={0,2}', ['bsk']),
  within('Bedrock, short-lived', ['bedrock-api-key-'], '[A-Za-z0-9+/]{20,}={0,2}', ['k-a']),
  within('Google', ['AIza'], '[\\w-]{30,}'),
  within('Google OAuth', ['ya29.', 'GOCSPX-'], '[\\w-]{20,}'),
  token('DigitalOcean', ['dop_v1_', 'doo_v1_', 'dor_v1_'], '[a-f0-9]{30,}', ['p_v', 'o_v', 'r_v']),
  token('Alibaba', ['LTAI'], '[A-Za-z0-9]{12,}', ['lta']),
  token('Fly.io', ['fo1_', 'fm1a_', 'fm1r_', 'fm2_'], '[\\w+/-]{40,}={0,3}'),
  token('OpenShift', ['sha256~'], '[\\w-]{40,}', ['56~']),
  // Of what holds code, images and packages.
  within('GitHub', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], '[A-Za-z0-9]{20,}', [
    'hp_',
    'ho_',
    'hu_',
    'hs_',
    'hr_',
  ]),
  within('GitHub, fine-grained', ['github_pat_'], '\\w{20,}', ['b_p']),
  within(
    'GitLab',
    [
      ...['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glft-', 'glimt-', 'gloas-', 'glsoat-'],
      ...['glagent-', 'glffct-', 'GR1348941'],
    ],
    '[\\w-]{20,}(?:\\.[\\w.-]{2,})?',
  ),
  token('Docker Hub', ['dckr_pat_', 'dckr_oat_'], '[\\w-]{20,}'),
  token('npm', ['npm_'], '[A-Za-z0-9]{30,}'),
  token('PyPI', ['pypi-AgE'], '[\\w-]{30,}', ['-ag']),
  token('RubyGems', ['rubygems_'], '[a-f0-9]{40,}', ['ms_']),
  token('Artifactory', ['AKCp'], '[A-Za-z0-9]{60,}'),
  // Of what nodes talk to.
  within(
    'Slack',
    ['xoxa-', 'xoxb-', 'xoxe-', 'xoxe.', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-'],
    '[\\w.-]{10,}',
  ),
  within('Slack app', ['xapp-'], '[\\w-]{10,}'),
  within(
    'Slack webhook',
    ['hooks.slack.com/services/', 'hooks.slack.com/workflows/'],
    '[\\w/+-]{20,}',
    ['k.c'],
  ),
  token('Discord webhook', ['discord.com/api/webhooks/'], '\\d{10,20}\\/[\\w-]{20,}', ['d.c']),
  token('Grafana', ['glsa_', 'glc_'], '[\\w+/]{30,}={0,3}'),
  token('Vault', ['hvs.', 'hvb.'], '[\\w-]{24,}'),
  token('Doppler', ['dp.pt.', 'dp.st.'], '[\\w.-]{40,}'),
  token('1Password', ['ops_eyJ'], '[A-Za-z0-9+/]{40,}={0,3}', ['s_e']),
  token('age', ['AGE-SECRET-KEY-1'], '[A-Z0-9]{30,}', ['t-k']),
  token('Tailscale', ['tskey-'], '[\\w-]{20,}'),
  token(
    'Stripe',
    ['sk_live_', 'sk_test_', 'sk_prod_', 'rk_live_', 'rk_test_', 'rk_prod_'],
    '[A-Za-z0-9]{10,}',
    ['k_l', 'k_t', 'k_p'],
  ),
  token('SendGrid', ['SG.'], '[\\w-]{16,32}\\.[\\w-]{30,}'),
  token('Sentry', ['sntrys_', 'sntryu_'], '[\\w+/=]{40,}'),
  token('Postman', ['PMAK-'], '[a-f0-9]{24}-[a-f0-9]{34}'),
  token('Pulumi', ['pul-'], '[a-f0-9]{40}', ['ul-']),
  token('Prefect', ['pnu_'], '[A-Za-z0-9]{30,}'),
  token('Linear', ['lin_api_'], '[A-Za-z0-9]{30,}', ['n_a']),
  token('Notion', ['ntn_'], '[0-9]{11}[A-Za-z0-9]{30,}'),
  token('PlanetScale', ['pscale_tkn_', 'pscale_oauth_', 'pscale_pw_'], '[\\w.=-]{30,}'),
  token('JWT', ['eyJ'], '[\\w-]{6,}(?:\\.[\\w-]*){2,4}'),
  // SkyPilot's and our own. Behind a name and `_`, too: `x_sky_…`.
  patternRule(
    'SkyPilot',
    ['ky_'],
    new RegExp(
      `(?=sky_)(?:${WORD_BEGIN}|(?<=_))sky_(?:[A-Za-z0-9]{20}|(?=[a-z0-9_-]{0,30}[A-Z])(?=[A-Za-z_-]{0,30}\\d)[\\w-]{30})[\\w.-]*`,
      'g',
    ),
  ),
  patternRule(
    'Launchtail',
    ['lt_'],
    new RegExp(`(?=lt_)(?:${WORD_BEGIN}|(?<=_))lt_(?:[a-z]{1,16}_)?[A-Za-z0-9]{20,}`, 'gi'),
  ),
]

/** A token that begins where a word does. `hints` are better ones than how the prefixes begin. */
function token(
  name: string,
  prefixes: readonly string[],
  rest: string,
  hints: readonly string[] = beginnings(prefixes),
): Rule {
  const prefix = anyOf(prefixes)
  // The prefix is looked for first, which is fast, and what is before it only there.
  return patternRule(name, hints, new RegExp(`(?=${prefix})(?:${WORD_BEGIN})${prefix}${rest}`, 'g'))
}

/** A token that is told anywhere, even in the middle of a word. */
function within(
  name: string,
  prefixes: readonly string[],
  rest: string,
  hints: readonly string[] = beginnings(prefixes),
): Rule {
  return patternRule(name, hints, new RegExp(anyOf(prefixes) + rest, 'g'))
}

function beginnings(prefixes: readonly string[]): string[] {
  return prefixes.map((prefix) => prefix.slice(0, 3))
}

function anyOf(prefixes: readonly string[]): string {
  return `(?:${prefixes.map((prefix) => prefix.replace(/[.~/]/g, '\\$&')).join('|')})`
}
