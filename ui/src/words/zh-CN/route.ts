import type { routeWords as english } from '../en/route';

/** 当天路线与待办。 */
export const routeWords: Record<keyof typeof english, string> = {
	'today.title': '今天',
	'today.next': '下一站',
	'today.rest': '之后',
	'today.none_left': '没有可以前往的下一站',
	'today.empty': '今天没有安排',
	'today.empty_hint': '组长排好路线后，下次同步时会显示在这里。',
	'today.first_sync': '正在获取案件',
	'today.first_sync_hint': '全部到齐后即可开始，目前 {{count}} 件。',
	'today.under_way': '走访进行中：{{name}}',
	'today.to_visit': '回到走访',

	'route.agent': '外访员',
	'route.day': '日期',
	'route.empty': '当天没有安排',
	'route.empty_hint': '在左侧查找案件并加入。',
	'route.find': '查找案件',
	'route.up': '上移',
	'route.down': '下移',
	'route.remove': '移除',
	'route.save': '保存路线',
	'route.saved': '已保存，外访员下次同步时会收到。',
	'route.unsaved': '尚未保存',

	'along.title': '与同事同行',
	'along.how': '请输入同事读出的字符。代码表示你同行，你的名字将记入该次外访。',
	'along.question': '六位字母和数字',
	'along.accept': '我同行',
	'along.code': '请读回',

	'inbox.conflicts': '待决定',
	'inbox.flags': '待复核的标记',
	'inbox.refused': '未被接受',
	'inbox.empty': '没有待办事项',
	'inbox.empty_hint': '冲突、暂缓的计划和未被接受的记录会连同双方内容显示在这里。'
};
