import type { appWords as english } from '../en/app';

/** 每个页面的框架。 */
export const appWords: Record<keyof typeof english, string> = {
	'app.name': '登门',
	'app.loading': '请稍候……',
	'app.back': '返回',
	'app.cancel': '取消',
	'app.close': '关闭',
	'app.save': '保存',
	'app.retry': '重试',

	'nav.today': '今天',
	'nav.cases': '案件',
	'nav.sync': '同步',
	'nav.more': '更多',
	'nav.label': '导航',

	'more.title': '更多',
	'more.language': '语言',
	'more.theme': '外观',
	'more.who': '当前用户',
	'more.lock': '锁定本设备',
	'more.lock_hint': '不会删除任何内容，未发送的记录会加密保存。',
	'more.help': '帮助',
	'more.help_text':
		'你保存的一切都会留在本设备上，直到服务器收到。没有网络也可以继续工作。红色始终表示：不要去，或者离开。',

	'theme.light': '日间',
	'theme.dark': '夜间',
	'theme.outdoor': '户外',

	'status.all_sent': '已全部保存并发送 · 数据更新于 {{time}}',
	'status.waiting': '已保存 {{count}} 条，待发送 · 数据更新于 {{time}}',
	'status.never': '尚未连接过服务器',
	'status.running': '正在同步……',

	'role.agent': '外访员',
	'role.lead': '组长',
	'role.back_office': '后台',
	'role.complaint_handler': '投诉处理'
};
