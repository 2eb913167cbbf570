/** The five things a colour may mean. Each also has a shape and a word. */
export type Tone = 'go' | 'conditions' | 'ask' | 'stop' | 'unknown';
