import { route } from './address.js'
import type { ConnectionState } from './hub/messages.js'
import { Connection } from './parts/Connection.js'
import { signOut } from './session.js'
import { THEMES, theme } from './theme.js'

const PAGES = [
  { path: '', name: 'Nodes' },
  { path: 'groups', name: 'Groups' },
  { path: 'search', name: 'Search' },
  { path: 'launches', name: 'Launches' },
  { path: 'webhooks', name: 'Webhooks' },
  { path: 'access', name: 'Access' },
  { path: 'launch', name: 'Launch a node' },
] as const

export interface HeaderProps {
  connection: ConnectionState
  onReconnect: () => void
}

/** The bar above every page. */
export function Header({ connection, onReconnect }: HeaderProps) {
  const current = route.value.path[0] ?? ''
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
        {PAGES.map(({ path, name }) => (
          <a key={path} href={`#/${path}`} aria-current={path === current ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <span class="space" />
      <Connection state={connection} label="Nodes" onReconnect={onReconnect} />
      <ThemeChoice />
      <button type="button" onClick={() => signOut()}>
        Sign out
      </button>
    </header>
  )
}

function ThemeChoice() {
  return (
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
  )
}
