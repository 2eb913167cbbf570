import type { CaseSummaryView } from '../../backend/generated/CaseSummaryView';

/** An address as its own language writes it: in Chinese from the town to the door. */
export const address = ({ language, street, town }: CaseSummaryView) =>
	language === 'zh-CN' ? `${town} ${street}` : `${street}, ${town}`;
