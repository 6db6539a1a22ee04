import { effect, signal } from '@preact/signals'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'launchtail.theme'
const kept = localStorage.getItem(KEY)

/** Light or dark, as the system has it or by choice; kept for this browser. */
export const theme = signal<Theme>(THEMES.find((name) => name === kept) ?? 'system')

effect(() => {
  document.documentElement.dataset.theme = theme.value
  localStorage.setItem(KEY, theme.value)
})
