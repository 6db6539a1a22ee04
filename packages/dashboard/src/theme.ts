import { effect, signal } from '@preact/signals'

export const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const KEY = 'launchtail.theme'
const stored = localStorage.getItem(KEY)

/** The chosen colours, kept for this browser; `system` follows the system's setting. */
export const theme = signal<Theme>(THEMES.find((name) => name === stored) ?? 'system')

effect(() => {
  document.documentElement.dataset.theme = theme.value
  localStorage.setItem(KEY, theme.value)
})
