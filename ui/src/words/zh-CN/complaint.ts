import type { complaintWords as english } from '../en/complaint';

/** 客户的投诉。 */
export const complaintWords: Record<keyof typeof english, string> = {
	'complaint.title': '投诉',
	'complaint.raise': '受理投诉',
	'complaint.hint': '直接转交投诉处理专员，你无法再次打开；答复前不再上门。',
	'complaint.about': '投诉内容',
	'complaint.about.conduct': '我方行为',
	'complaint.about.amount': '欠款金额',
	'complaint.about.not_theirs': '不是本人债务',
	'complaint.about.privacy': '隐私',
	'complaint.about.other': '其他',
	'complaint.channel': '投诉途径',
	'complaint.channel.at_the_door': '当面口述',
	'complaint.channel.on_paper': '书面',
	'complaint.channel.phone': '电话',
	'complaint.text': '客户原话',
	'complaint.send': '转交',
	'complaint.taken': '投诉已受理',
	'complaint.taken_hint': '设备同步后即送达投诉处理专员。自现在起停止上门。',
	'complaint.open': '{{date}}的投诉正在处理',
	'complaint.answered': '{{date}}的投诉已答复',

	'complaints.empty': '没有投诉',
	'complaints.empty_hint': '投诉将显示在这里，先到期的在前。',
	'complaints.due': '答复期限：{{date}}',
	'complaints.overdue': '已逾期（{{date}}）',
	'complaints.taken_by': '{{name}}于{{date}}记录',
	'complaints.complexity': '复杂程度',
	'complaints.answer': '答复',
	'complaints.send_answer': '答复并解除停止',
	'complaints.feedback': '客户对上门的评价',
	'complaints.feedback_none': '尚无评价。',

	'complexity.simple': '简单',
	'complexity.complex': '复杂',
	'complexity.special': '特殊（已批准）'
};
