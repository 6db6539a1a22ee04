import { place } from './address.js'
import { link } from './fleet/state.js'
import { Connection } from './parts/Connection.js'
import { signOut } from './session.js'
import { THEMES, theme } from './theme.js'

const PLACES = [
  { path: '', name: 'Nodes' },
  { path: 'launches', name: 'Launches' },
  { path: 'launch', name: 'Launch a node' },
] as const

export function Header() {
  const here = place.value.path[0] ?? ''
  return (
    <header class="top">
      <a class="brand" href="#/">
        <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
          <path d="M1 3.5h7M1 8h10M1 12.5h6" />
          <circle cx="12.5" cy="12.5" r="2" />
        </svg>
        Launchtail
      </a>
      <nav aria-label="Pages">
        {PLACES.map(({ path, name }) => (
          <a key={path} href={`#/${path}`} aria-current={path === here ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <span class="space" />
      <Connection state={link.value} label="Nodes" />
      <label class="theme">
        <span class="hidden">Colours</span>
        <select
          title="Colours"
          value={theme}
          onChange={({ currentTarget }) => {
            theme.value = THEMES.find((name) => name === currentTarget.value) ?? 'system'
          }}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => signOut()}>
        Sign out
      </button>
    </header>
  )
}
