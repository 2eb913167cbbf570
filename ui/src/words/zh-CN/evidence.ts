import type { evidenceWords as english } from '../en/evidence';

/** 上门留存的证据。 */
export const evidenceWords: Record<keyof typeof english, string> = {
	'evidence.deleted': '保存期满，已删除。',
	'evidence.title': '照片与签名',
	'evidence.photo': '照片',
	'evidence.signature': '签名',
	'evidence.recording': '录音',
	'evidence.not_here_yet': '仍在设备上，下次同步时上传。',

	'photo.title': '拍摄文件',
	'photo.hint': '只拍文件或室外，不得拍摄室内。照片中的位置和时间会被移除。',
	'photo.consent': '客户已在拍摄前同意。',
	'photo.file': '照片',
	'photo.keep': '保存照片',
	'photo.kept': '照片已加密保存',

	'consent.spoken': '口头同意',
	'consent.signed': '在此签名',
	'consent.paper': '纸上签名',

	'sign.label': '客户签名',
	'sign.hint': '请客户先阅读方案。',
	'sign.paper': '请在外访页面拍下客户已签名的纸页。',
	'sign.first': '客户尚未签名。',
	'sign.clear': '清除',

	'recording.title': '对话录音',
	'recording.required': '当地规则要求录音。请说明并告知目的；对方不同意时，请礼貌结束外访。',
	'recording.allowed': '请说明希望录音、录音目的以及对方如何取得副本。',
	'recording.consent': '开始前对方已同意',
	'recording.start': '开始录音',
	'recording.stop': '停止并保存',
	'recording.runs': '正在录音，外访结束时自动停止。',
	'recording.bar': '正在录音 {{time}}',
	'recording.kept': '录音已加密保存。'
};
