<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About LDM Studio</source>
        <translation>关于 LDM Studio</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Licences and versions</source>
        <translation>许可证与版本</translation>
    </message>
    <message>
        <source>Left and Right turn to the other page.</source>
        <translation>左右方向键切换页面。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Images from latent diffusion models, made on this computer only. LDM Studio never opens a network connection.</source>
        <translation>用潜在扩散模型生成图像，一切都在这台电脑上完成。LDM Studio 从不建立网络连接。</translation>
    </message>
    <message>
        <source>Of the program and of the libraries it uses.</source>
        <translation>本程序及其所用组件。</translation>
    </message>
    <message>
        <source>LDM Studio is under the {licence}. It uses:</source>
        <translation>LDM Studio 采用 {licence} 许可证。它使用：</translation>
    </message>
    <message>
        <source>Part</source>
        <translation>组件</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>not installed</source>
        <translation>未安装</translation>
    </message>
    <message>
        <source>see its files</source>
        <translation>见其文件</translation>
    </message>
</context>
<context>
    <name>AccessibilityAnnouncer</name>
    <message>
        <source>Generating image {number} of {count}.</source>
        <translation>正在生成第 {number}/{count} 张图像。</translation>
    </message>
    <message>
        <source>Generating the image.</source>
        <translation>正在生成图像。</translation>
    </message>
    <message>
        <source>Step {step} of {steps}.</source>
        <translation>第 {step}/{steps} 步。</translation>
    </message>
    <message>
        <source>The image is finished: {prompt}.</source>
        <translation>图像已完成：{prompt}。</translation>
    </message>
    <message>
        <source>The image is finished.</source>
        <translation>图像已完成。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>已取消。</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Generate</source>
        <translation>生成(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Export With Transparent Background…</source>
        <translation>导出为透明背景(&amp;E)…</translation>
    </message>
    <message>
        <source>Show Output &amp;Folder</source>
        <translation>显示输出文件夹(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Undo Stroke</source>
        <translation>撤销笔画(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo Stroke</source>
        <translation>重做笔画(&amp;R)</translation>
    </message>
    <message>
        <source>Clear &amp;Mask</source>
        <translation>清除蒙版(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Earlier Prompt</source>
        <translation>上一个提示词(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Later Prompt</source>
        <translation>下一个提示词(&amp;L)</translation>
    </message>
    <message>
        <source>Pre&amp;vious Candidate</source>
        <translation>上一张候选图(&amp;V)</translation>
    </message>
    <message>
        <source>Save Inter&amp;mediate Steps</source>
        <translation>保存中间步骤(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Fit Image</source>
        <translation>适应窗口(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;System Theme</source>
        <translation>跟随系统主题(&amp;S)</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>设置(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Image</source>
        <translation>图像(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Open Image…</source>
        <translation>打开图像(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Save Image As…</source>
        <translation>图像另存为(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Copy Image</source>
        <translation>复制图像(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Paste Image</source>
        <translation>粘贴图像(&amp;P)</translation>
    </message>
    <message>
        <source>Reset to Recommended &amp;Settings</source>
        <translation>重置为推荐设置(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>Cancel &amp;All</source>
        <translation>全部取消(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>暂停(&amp;P)</translation>
    </message>
    <message>
        <source>Update the &amp;Running Image</source>
        <translation>更新正在生成的图像(&amp;R)</translation>
    </message>
    <message>
        <source>View &amp;Steps</source>
        <translation>查看步骤(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Leave Branch</source>
        <translation>退出分支(&amp;L)</translation>
    </message>
    <message>
        <source>Show &amp;Queue</source>
        <translation>显示队列(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Live</source>
        <translation>实时(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Branch From This Step</source>
        <translation>从此步分支(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Replay</source>
        <translation>重放(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Enlarge…</source>
        <translation>放大(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Next Candidate</source>
        <translation>下一张候选图(&amp;N)</translation>
    </message>
    <message>
        <source>Keep This &amp;Candidate</source>
        <translation>采用此候选图(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;History</source>
        <translation>历史记录(&amp;H)</translation>
    </message>
    <message>
        <source>Go to the &amp;Canvas</source>
        <translation>转到画布(&amp;C)</translation>
    </message>
    <message>
        <source>Go to the &amp;Prompt</source>
        <translation>转到提示词(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Actual Size (100 %)</source>
        <translation>实际大小 (100 %)(&amp;A)</translation>
    </message>
    <message>
        <source>Show &amp;Mask</source>
        <translation>显示蒙版(&amp;M)</translation>
    </message>
    <message>
        <source>Show &amp;Transparency</source>
        <translation>显示透明区域(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Light Theme</source>
        <translation>浅色主题(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Dark Theme</source>
        <translation>深色主题(&amp;D)</translation>
    </message>
    <message>
        <source>C&amp;ommands…</source>
        <translation>命令(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Documentation</source>
        <translation>文档(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts…</source>
        <translation>键盘快捷键(&amp;K)…</translation>
    </message>
    <message>
        <source>&amp;Report a Problem…</source>
        <translation>报告问题(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;About LDM Studio</source>
        <translation>关于 LDM Studio(&amp;A)</translation>
    </message>
</context>
<context>
    <name>AddonButton</name>
    <message>
        <source>LoRAs</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>LoRAs and embeddings</source>
        <translation>LoRA 和嵌入</translation>
    </message>
    <message>
        <source>Insert a LoRA or an embedding into the prompt.</source>
        <translation>在提示词中写入 LoRA 或嵌入。</translation>
    </message>
    <message>
        <source>There are none yet. Put them into the model folder, or add the folder of another program where the model is chosen.</source>
        <translation>还没有。请把它们放进模型文件夹，或在选择模型处添加其他程序的文件夹。</translation>
    </message>
    <message>
        <source>Small additions to a model.</source>
        <translation>对模型的小幅改动。</translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>Words that a model has learned.</source>
        <translation>模型学会的新词。</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>强度</translation>
    </message>
    <message>
        <source>How strong its effect is: 1 as trained, 0 none.</source>
        <translation>效果的强度：1 为训练时的强度，0 为不起作用。</translation>
    </message>
    <message>
        <source>Insert into the negative prompt.</source>
        <translation>写入反向提示词。</translation>
    </message>
    <message>
        <source>Into the negative prompt</source>
        <translation>写入反向提示词</translation>
    </message>
</context>
<context>
    <name>AppearancePage</name>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Same as the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>The colours of the windows. Images are not affected.</source>
        <translation>窗口的颜色。图像的颜色不变。</translation>
    </message>
    <message>
        <source>The language of the window, tooltips and messages.</source>
        <translation>窗口、提示和消息的语言。</translation>
    </message>
    <message>
        <source>Reduced: menus do not slide, and compared images alternate only at a key press.</source>
        <translation>减少：菜单不滑动，比较的图像只在按键时切换。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Motion</source>
        <translation>动画</translation>
    </message>
    <message>
        <source>Reduced</source>
        <translation>减少</translation>
    </message>
</context>
<context>
    <name>Application</name>
    <message>
        <source>Opened the first of {count} files.</source>
        <translation>共 {count} 个文件，只打开第一个。</translation>
    </message>
</context>
<context>
    <name>AuxiliaryWindows</name>
    <message>
        <source>The documentation is not installed.</source>
        <translation>此处没有安装文档。</translation>
    </message>
    <message>
        <source>Help → Keyboard Shortcuts and the tooltips work without it.</source>
        <translation>没有它也可以使用“帮助 → 键盘快捷键”和各处的提示。</translation>
    </message>
</context>
<context>
    <name>BranchController</name>
    <message>
        <source>an unsaved image</source>
        <translation>未保存的图像</translation>
    </message>
    <message>
        <source>Branching from step {step} of {name}</source>
        <translation>从 {name} 的第 {step} 步分支</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>CandidateBar</name>
    <message>
        <source>{index} of {count}</source>
        <translation>{index}/{count}</translation>
    </message>
    <message>
        <source>Candidates</source>
        <translation>候选图</translation>
    </message>
    <message>
        <source>Previous candidate</source>
        <translation>上一张候选图</translation>
    </message>
    <message>
        <source>Next candidate</source>
        <translation>下一张候选图</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>采用</translation>
    </message>
    <message>
        <source>Continue with this one: it becomes the initial image, and the mask is cleared.</source>
        <translation>以这张继续：它成为起始图，并清除蒙版。</translation>
    </message>
    <message>
        <source>Keep this candidate</source>
        <translation>采用这张候选图</translation>
    </message>
</context>
<context>
    <name>CanvasPanel</name>
    <message>
        <source>Painted</source>
        <translation>涂抹</translation>
    </message>
    <message>
        <source>The mask as it was painted.</source>
        <translation>显示涂抹的蒙版。</translation>
    </message>
    <message>
        <source>Latent</source>
        <translation>潜变量</translation>
    </message>
    <message>
        <source>The latent cells that change, each by its most strongly masked pixel.</source>
        <translation>潜变量中会改变的格子：每格以其中蒙版最强的像素为准。</translation>
    </message>
    <message>
        <source>How much of the result is pasted over the image, after growing and blurring the mask. Without tint, not one byte changes.</source>
        <translation>扩展和模糊蒙版之后，结果覆盖到图像上的程度。没有着色的地方一个字节也不变。</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>混合</translation>
    </message>
    <message>
        <source>Add to the mask</source>
        <translation>添加到蒙版</translation>
    </message>
    <message>
        <source>Connected only</source>
        <translation>仅相连区域</translation>
    </message>
    <message>
        <source>Along a line</source>
        <translation>线性</translation>
    </message>
    <message>
        <source>In circles</source>
        <translation>径向</translation>
    </message>
    <message>
        <source>Pen pressure</source>
        <translation>笔压</translation>
    </message>
    <message>
        <source>Show or hide the mask</source>
        <translation>显示或隐藏蒙版</translation>
    </message>
    <message>
        <source>Tint of the mask</source>
        <translation>蒙版颜色</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Hold Ctrl while pressing to do the opposite.</source>
        <translation>按下时按住 Ctrl 则相反。</translation>
    </message>
    <message>
        <source>Subtract from the mask</source>
        <translation>从蒙版中减去</translation>
    </message>
    <message>
        <source>Contiguous area only.</source>
        <translation>只选与点击处相连的部分。</translation>
    </message>
    <message>
        <source>Linear fade from the start of the drag to its end.</source>
        <translation>从拖动起点渐变到终点。</translation>
    </message>
    <message>
        <source>Radial fade outwards from the start of the drag.</source>
        <translation>从拖动起点向外渐变。</translation>
    </message>
    <message>
        <source>What the pressure of a pen changes.</source>
        <translation>笔压改变什么。</translation>
    </message>
    <message>
        <source>The tint over the masked area. A hidden mask still has effect.</source>
        <translation>蒙版区域上的着色。隐藏的蒙版仍然有效。</translation>
    </message>
    <message>
        <source>Its colour and opacity.</source>
        <translation>它的颜色和不透明度。</translation>
    </message>
    <message>
        <source>Hold to see the image before the last generation.</source>
        <translation>按住可查看上次生成之前的图像。</translation>
    </message>
    <message>
        <source>Drag the image out</source>
        <translation>拖出图像</translation>
    </message>
    <message>
        <source>To a folder or another program. A click copies it to the clipboard.</source>
        <translation>拖到文件夹或其他程序。单击则复制到剪贴板。</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适应</translation>
    </message>
    <message>
        <source>Fit the whole image into the view.</source>
        <translation>使整张图像适应视图。</translation>
    </message>
    <message>
        <source>One image pixel per screen pixel.</source>
        <translation>图像的一个像素对应屏幕的一个像素。</translation>
    </message>
    <message>
        <source>100 %</source>
        <translation>100 %</translation>
    </message>
    <message>
        <source>Invert mask</source>
        <translation>反转蒙版</translation>
    </message>
    <message>
        <source>Clear mask</source>
        <translation>清除蒙版</translation>
    </message>
    <message>
        <source>Swap the masked and the unmasked area.</source>
        <translation>交换蒙版区域与非蒙版区域。</translation>
    </message>
    <message>
        <source>Remove the whole mask. This can be undone.</source>
        <translation>移除整个蒙版。可以撤销。</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>Grow, shrink, feather, open or save the mask.</source>
        <translation>扩展、收缩、羽化、打开或保存蒙版。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo the last change of the mask or the image.</source>
        <translation>撤销对蒙版或图像的上一次改动。</translation>
    </message>
    <message>
        <source>Redo the change.</source>
        <translation>重做该改动。</translation>
    </message>
    <message>
        <source>Mask from an Image</source>
        <translation>从图像载入蒙版</translation>
    </message>
    <message>
        <source>Images ({endings})</source>
        <translation>图像 ({endings})</translation>
    </message>
    <message>
        <source>Only the address of an image was dropped, not the image.</source>
        <translation>拖入的只是图像的网址，而不是图像。</translation>
    </message>
    <message>
        <source>Copy the image in the browser and paste it here, or save it first.</source>
        <translation>请在浏览器中复制图像再粘贴到这里，或先保存它。</translation>
    </message>
    <message>
        <source>PNG image (*.png)</source>
        <translation>PNG 图像 (*.png)</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Save Mask As</source>
        <translation>蒙版另存为</translation>
    </message>
    <message>
        <source>mask.png</source>
        <translation>mask.png</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Paint the area to inpaint.</source>
        <translation>涂抹要重绘的地方。</translation>
    </message>
    <message>
        <source>Erase the mask.</source>
        <translation>擦去蒙版。</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Mask a rectangle.</source>
        <translation>用矩形选取蒙版。</translation>
    </message>
    <message>
        <source>Drag; Shift makes a square</source>
        <translation>拖动；按住 Shift 为正方形</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Mask an outlined area, freehand or with corners.</source>
        <translation>圈出蒙版，可手绘或逐点点击。</translation>
    </message>
    <message>
        <source>Mask everything of the colour you click.</source>
        <translation>把与点击处颜色相同的部分设为蒙版。</translation>
    </message>
    <message>
        <source>Extend the image, then generate the new part (outpainting).</source>
        <translation>扩大图像，然后生成新的部分 (outpainting)。</translation>
    </message>
    <message>
        <source>Drag an edge, or press arrow keys; Enter to extend</source>
        <translation>拖动边缘或按方向键；Enter 确认扩图</translation>
    </message>
    <message>
        <source>Move the view. With any other tool, hold Space or drag with the middle button.</source>
        <translation>移动视图。使用任何工具时都可用空格键或鼠标中键移动。</translation>
    </message>
    <message>
        <source>Drag; Ctrl drags the image out</source>
        <translation>拖动；按住 Ctrl 可拖出图像</translation>
    </message>
    <message>
        <source>Drag, or click corners; Enter closes</source>
        <translation>拖动，或逐点点击；Enter 闭合</translation>
    </message>
    <message>
        <source>Fill by colour</source>
        <translation>按颜色填充</translation>
    </message>
    <message>
        <source>Gradient</source>
        <translation>渐变</translation>
    </message>
    <message>
        <source>A mask that fades from where you press.</source>
        <translation>从按下处开始渐变的蒙版。</translation>
    </message>
    <message>
        <source>Drag from full to none</source>
        <translation>拖动：从起点的全部渐变到终点的无</translation>
    </message>
    <message>
        <source>Extend</source>
        <translation>扩图</translation>
    </message>
    <message>
        <source>Hand</source>
        <translation>抓手</translation>
    </message>
</context>
<context>
    <name>CanvasStore</name>
    <message>
        <source>The canvas cannot be saved in {folder}: {reason}.</source>
        <translation>无法把画布保存在 {folder}：{reason}。</translation>
    </message>
    <message>
        <source>Saving is tried again; until it succeeds, closing LDM Studio would lose it.</source>
        <translation>会自动重试；成功之前，关闭 LDM Studio 会丢失它。</translation>
    </message>
</context>
<context>
    <name>CanvasView</name>
    <message>
        <source>Another image</source>
        <translation>另一张图像</translation>
    </message>
    <message>
        <source>Type a prompt and press Generate — or drop an image here</source>
        <translation>输入提示词并按“生成”，或把图像拖到这里</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>Working on the mask…</source>
        <translation>正在处理蒙版…</translation>
    </message>
    <message>
        <source>Drop here to use it as the mask: white is inpainted</source>
        <translation>拖到这里用作蒙版：白色部分会重绘</translation>
    </message>
    <message>
        <source>Canvas</source>
        <translation>画布</translation>
    </message>
    <message>
        <source>Canvas, no image yet</source>
        <translation>画布，还没有图像</translation>
    </message>
    <message>
        <source>Canvas {width} by {height}, nothing masked</source>
        <translation>画布 {width} × {height}，没有蒙版</translation>
    </message>
    <message>
        <source>Canvas {width} by {height}, mask covers {percent} %</source>
        <translation>画布 {width} × {height}，蒙版覆盖 {percent} %</translation>
    </message>
    <message>
        <source>zoom {percent} %</source>
        <translation>缩放 {percent} %</translation>
    </message>
    <message>
        <source>tool: {tool}</source>
        <translation>工具：{tool}</translation>
    </message>
    <message>
        <source>Arrow keys widen, Shift narrows</source>
        <translation>方向键加宽，按住 Shift 收窄</translation>
    </message>
    <message>
        <source>Arrow keys move a crosshair, Space puts the tool down and lifts it</source>
        <translation>方向键移动十字光标，空格键落下和抬起工具</translation>
    </message>
    <message>
        <source>{width} × {height} · Enter to apply, Esc to cancel</source>
        <translation>{width} × {height} · Enter 应用，Esc 取消</translation>
    </message>
    <message>
        <source>Left +{pixels}</source>
        <translation>左 +{pixels}</translation>
    </message>
    <message>
        <source>Right +{pixels}</source>
        <translation>右 +{pixels}</translation>
    </message>
    <message>
        <source>Top +{pixels}</source>
        <translation>上 +{pixels}</translation>
    </message>
    <message>
        <source>Bottom +{pixels}</source>
        <translation>下 +{pixels}</translation>
    </message>
    <message>
        <source>{x}, {y} · Space to finish, Esc to cancel</source>
        <translation>{x}, {y} · 空格键结束，Esc 取消</translation>
    </message>
    <message>
        <source>{x}, {y} · Space to begin</source>
        <translation>{x}, {y} · 空格键开始</translation>
    </message>
    <message>
        <source>{x}, {y} · Space to set a corner, Enter to close</source>
        <translation>{x}, {y} · 空格键设置角点，回车键闭合</translation>
    </message>
    <message>
        <source>{x}, {y} · Space to apply here</source>
        <translation>{x}, {y} · 空格键在此应用</translation>
    </message>
</context>
<context>
    <name>Caption</name>
    <message>
        <source>Double-click the name to reset it.</source>
        <translation>双击名称可重置。</translation>
    </message>
    <message>
        <source>Reset “{name}”</source>
        <translation>重置“{name}”</translation>
    </message>
</context>
<context>
    <name>Changes</name>
    <message>
        <source>With 1 change at step {step}</source>
        <translation>在第 {step} 步有 1 处改动</translation>
    </message>
    <message>
        <source>initial image</source>
        <translation>起始图</translation>
    </message>
    <message>
        <source>mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>control image</source>
        <translation>控制图</translation>
    </message>
    <message>
        <source>another {image}</source>
        <translation>另一个{image}</translation>
    </message>
    <message>
        <source>no {image}</source>
        <translation>无{image}</translation>
    </message>
    <message>
        <source>{setting}: none</source>
        <translation>{setting}：无</translation>
    </message>
    <message>
        <source>“{text}”</source>
        <translation>“{text}”</translation>
    </message>
    <message numerus="yes">
        <source>With %n changes at steps {first} to {last}</source>
        <translation>
            <numerusform>在第 {first} 至 {last} 步有 %n 处改动</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>With %n changes at steps {steps} and {last}</source>
        <translation>
            <numerusform>在第 {steps} 和 {last} 步有 %n 处改动</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ChangesLine</name>
    <message>
        <source>Forget the changes</source>
        <translation>放弃改动</translation>
    </message>
    <message>
        <source>Generate the image without these changes.</source>
        <translation>生成时不使用这些改动。</translation>
    </message>
    <message>
        <source>Step {step}: {what}</source>
        <translation>第 {step} 步：{what}</translation>
    </message>
    <message>
        <source>They are applied again until you edit a setting.</source>
        <translation>在您修改设置之前，会一直重复这些改动。</translation>
    </message>
</context>
<context>
    <name>Chip</name>
    <message>
        <source>Find images tagged “{tag}”</source>
        <translation>查找带“{tag}”标签的图像</translation>
    </message>
    <message>
        <source>Remove the tag “{tag}”</source>
        <translation>移除标签“{tag}”</translation>
    </message>
</context>
<context>
    <name>Collapsible</name>
    <message>
        <source>Reset all</source>
        <translation>全部重置</translation>
    </message>
    <message>
        <source>Reset all of these to their defaults.</source>
        <translation>把这些都恢复为默认值。</translation>
    </message>
    <message numerus="yes">
        <source>%n changed</source>
        <translation>
            <numerusform>已更改 %n 项</numerusform>
        </translation>
    </message>
    <message>
        <source>Changed: {what}</source>
        <translation>已更改：{what}</translation>
    </message>
</context>
<context>
    <name>CollectionsController</name>
    <message>
        <source>They are in “{name}” already.</source>
        <translation>它们已经在“{name}”中。</translation>
    </message>
    <message>
        <source>{images} added to “{name}”.</source>
        <translation>{images}已添加到“{name}”。</translation>
    </message>
    <message>
        <source>{images} added to the new collection “{name}”.</source>
        <translation>{images}已放入新合集“{name}”。</translation>
    </message>
    <message>
        <source>Removed the collection “{name}”; its images stay.</source>
        <translation>合集“{name}”已删除；其中的图像保留。</translation>
    </message>
    <message>
        <source>{images} removed from “{name}”.</source>
        <translation>{images}已移出“{name}”。</translation>
    </message>
    <message>
        <source>New Collection</source>
        <translation>新建合集</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>Rename Collection</source>
        <translation>重命名合集</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Name:</source>
        <translation>名称：</translation>
    </message>
    <message>
        <source>New Collection…</source>
        <translation>新建合集…</translation>
    </message>
</context>
<context>
    <name>CommandController</name>
    <message>
        <source>Images (*.png *.jpg *.jpeg *.webp *.avif *.bmp *.gif *.tif *.tiff);;All files (*)</source>
        <translation>图像 (*.png *.jpg *.jpeg *.webp *.avif *.bmp *.gif *.tif *.tiff);;所有文件 (*)</translation>
    </message>
    <message>
        <source>PNG, exact (*.png);;WebP, exact and smaller (*.webp);;JPEG (*.jpg *.jpeg)</source>
        <translation>PNG，无损 (*.png);;WebP，无损且更小 (*.webp);;JPEG (*.jpg *.jpeg)</translation>
    </message>
    <message>
        <source>PNG (*.png);;WebP, smaller (*.webp)</source>
        <translation>PNG (*.png);;WebP，更小 (*.webp)</translation>
    </message>
    <message>
        <source>Open Image</source>
        <translation>打开图像</translation>
    </message>
    <message>
        <source>Opening the image…</source>
        <translation>正在打开图像…</translation>
    </message>
    <message>
        <source>This image contains its settings: “{prompt}”.</source>
        <translation>这张图像带有生成设置：“{prompt}”。</translation>
    </message>
    <message>
        <source>It was made from another image.</source>
        <translation>它是由另一张图像生成的。</translation>
    </message>
    <message>
        <source>This one is used as the initial image instead.</source>
        <translation>现改用这张作为起始图。</translation>
    </message>
    <message>
        <source>It was made with other files than the ones here.</source>
        <translation>它生成时所用的文件与此处的不同。</translation>
    </message>
    <message>
        <source>Some settings are not supported here and were ignored.</source>
        <translation>不支持部分设置，已忽略。</translation>
    </message>
    <message>
        <source>Save Image As</source>
        <translation>图像另存为</translation>
    </message>
    <message>
        <source>There is no image on the clipboard.</source>
        <translation>剪贴板中没有图像。</translation>
    </message>
    <message>
        <source>Restore Settings</source>
        <translation>恢复设置</translation>
    </message>
    <message>
        <source>Export With Transparent Background</source>
        <translation>导出为透明背景</translation>
    </message>
    <message>
        <source>Saved {name}</source>
        <translation>已保存 {name}</translation>
    </message>
</context>
<context>
    <name>CommandList</name>
    <message>
        <source>not available now</source>
        <translation>现在不可用</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Type what you want to do</source>
        <translation>输入您想做的事</translation>
    </message>
    <message>
        <source>Find a command</source>
        <translation>查找命令</translation>
    </message>
    <message>
        <source>Up and Down select, Return runs, Esc closes.</source>
        <translation>用上下键选择，Return 执行，Esc 关闭。</translation>
    </message>
    <message>
        <source>No such command.</source>
        <translation>没有这个命令。</translation>
    </message>
</context>
<context>
    <name>CompareController</name>
    <message>
        <source>One of these images is no longer in the history.</source>
        <translation>其中一张图像已不在历史记录中。</translation>
    </message>
</context>
<context>
    <name>ComparePane</name>
    <message>
        <source>Slider</source>
        <translation>滑块</translation>
    </message>
    <message>
        <source>A divider between both, following the pointer</source>
        <translation>两图之间的分隔线，跟随指针</translation>
    </message>
    <message>
        <source>Side by Side</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>One beside the other</source>
        <translation>两张并排显示</translation>
    </message>
    <message>
        <source>Blink</source>
        <translation>闪烁</translation>
    </message>
    <message>
        <source>Both in turn</source>
        <translation>两张交替显示</translation>
    </message>
    <message>
        <source>The difference of each pixel; black is equal</source>
        <translation>每个像素的差异；黑色为相同</translation>
    </message>
    <message>
        <source>Back to the images (Esc)</source>
        <translation>返回图像 (Esc)</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>End comparing</source>
        <translation>结束比较</translation>
    </message>
    <message>
        <source>Settings that differ</source>
        <translation>不同的设置</translation>
    </message>
</context>
<context>
    <name>CompareView</name>
    <message>
        <source>Comparison of two images</source>
        <translation>比较两张图像</translation>
    </message>
    <message>
        <source>Left and Right move the divider; Space shows the other one when they blink.</source>
        <translation>左右方向键移动分隔线；闪烁时按空格显示另一张。</translation>
    </message>
</context>
<context>
    <name>CompletionList</name>
    <message>
        <source>Suggested names</source>
        <translation>可以写在这里的名称</translation>
    </message>
</context>
<context>
    <name>ComputePage</name>
    <message>
        <source>Device and Memory</source>
        <translation>设备与内存</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message numerus="yes">
        <source>One for each of %n cores</source>
        <translation>
            <numerusform>每个核心一个（共 %n 个）</numerusform>
        </translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>PyTorch cannot be used: {reason}</source>
        <translation>无法使用 PyTorch：{reason}</translation>
    </message>
    <message>
        <source>Takes effect after restart.</source>
        <translation>重启后生效。</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Processor threads. More threads than cores are slower.</source>
        <translation>处理器线程数。多于核心数反而会变慢。</translation>
    </message>
    <message>
        <source>Images that do not fit are decoded in tiles, and on a GPU the networks are offloaded in turns. This is decided for each image and needs no setting.</source>
        <translation>内存容不下的图像会分块解码；在 GPU 上各网络会轮流载入。这会对每张图像自动决定，无需设置。</translation>
    </message>
    <message>
        <source>Detecting devices…</source>
        <translation>正在检测设备…</translation>
    </message>
    <message>
        <source>This device is not available; the fastest one is used instead.</source>
        <translation>此设备不可用；将改用最快的设备。</translation>
    </message>
    <message>
        <source>{title}. Every computer has one; small models take seconds, large ones minutes.</source>
        <translation>{title}。每台电脑都有；小模型只需几秒，大模型需要几分钟。</translation>
    </message>
    <message>
        <source>{title}, {memory}. The faster choice for every model that fits.</source>
        <translation>{title}，{memory}。只要装得下模型，它总是更快的选择。</translation>
    </message>
    <message numerus="yes">
        <source>{processor}, %n cores</source>
        <translation>
            <numerusform>{processor}，%n 核</numerusform>
        </translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>{free} GiB free</source>
        <translation>{free} GiB 可用</translation>
    </message>
    <message>
        <source>{total} GiB</source>
        <translation>{total} GiB</translation>
    </message>
    <message>
        <source>{total} GiB, {free} GiB free</source>
        <translation>{total} GiB，{free} GiB 可用</translation>
    </message>
    <message>
        <source>Not supported by this device; the automatic choice is used instead.</source>
        <translation>此设备不支持；将改用自动选择。</translation>
    </message>
    <message>
        <source>float32 on a processor, float16 on a GPU. This applies to checkpoints; native LDM Studio models compute in float32.</source>
        <translation>处理器上为 float32，GPU 上为 float16。这适用于检查点模型；LDM Studio 原生模型用 float32 计算。</translation>
    </message>
    <message>
        <source>The most exact choice. Slower on a GPU, and twice the memory.</source>
        <translation>最精确。在 GPU 上更慢，占用两倍内存。</translation>
    </message>
    <message>
        <source>Half the memory, and no overflow; colours may be slightly off.</source>
        <translation>内存减半，且数值不会溢出；颜色可能略有偏差。</translation>
    </message>
    <message>
        <source>This processor is much faster with it than with float32.</source>
        <translation>该处理器用它计算比用 float32 快得多。</translation>
    </message>
    <message>
        <source>Half the memory, and fast on a GPU. Slow on a processor.</source>
        <translation>内存减半，在 GPU 上很快，在处理器上很慢。</translation>
    </message>
    <message>
        <source>This processor is much faster in bfloat16.</source>
        <translation>该处理器用 bfloat16 计算要快得多。</translation>
    </message>
</context>
<context>
    <name>Contact sheet</name>
    <message>
        <source>steps {value}</source>
        <translation>步数 {value}</translation>
    </message>
    <message>
        <source>CFG {value}</source>
        <translation>CFG {value}</translation>
    </message>
    <message>
        <source>seed {value}</source>
        <translation>种子 {value}</translation>
    </message>
</context>
<context>
    <name>ControlImageController</name>
    <message>
        <source>There is no image on the canvas.</source>
        <translation>画布上没有图像。</translation>
    </message>
    <message>
        <source>Images (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff);;All files (*)</source>
        <translation>图像 (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open Image</source>
        <translation>打开图像</translation>
    </message>
</context>
<context>
    <name>ControlImagePanel</name>
    <message>
        <source>Depth map</source>
        <translation>深度图</translation>
    </message>
    <message>
        <source>Open or drop a depth map.</source>
        <translation>打开或拖入深度图。</translation>
    </message>
    <message>
        <source>The model follows the depth map: brighter is nearer.</source>
        <translation>模型会遵循深度图：越亮越近。</translation>
    </message>
    <message>
        <source>Image to edit</source>
        <translation>要编辑的图像</translation>
    </message>
    <message>
        <source>Open or drop the image to edit.</source>
        <translation>打开或拖入要编辑的图像。</translation>
    </message>
    <message>
        <source>The model edits it as the prompt says.</source>
        <translation>模型会按提示词修改它。</translation>
    </message>
    <message>
        <source>Image to upscale</source>
        <translation>要放大的图像</translation>
    </message>
    <message>
        <source>Open or drop the small image to upscale.</source>
        <translation>打开或拖入要放大的小图。</translation>
    </message>
    <message>
        <source>The model upscales it four times.</source>
        <translation>模型会把它放大到四倍。</translation>
    </message>
    <message>
        <source>Image to vary</source>
        <translation>要变化的图像</translation>
    </message>
    <message>
        <source>Open or drop an image to vary; it is optional.</source>
        <translation>打开或拖入要变化的图像（可选）。</translation>
    </message>
    <message>
        <source>The model varies what it sees in the square centre of the image. Without an image it uses the prompt alone.</source>
        <translation>模型会变化它在图像中央正方形里看到的内容。没有图像时只用提示词。</translation>
    </message>
    <message>
        <source>Open control image</source>
        <translation>打开控制图</translation>
    </message>
    <message>
        <source>Use the image on the canvas</source>
        <translation>使用画布上的图像</translation>
    </message>
    <message>
        <source>Use the image on the canvas.</source>
        <translation>使用画布上的图像。</translation>
    </message>
    <message>
        <source>Remove control image</source>
        <translation>移除控制图</translation>
    </message>
    <message>
        <source>Remove it.</source>
        <translation>移除。</translation>
    </message>
    <message>
        <source>Open an image, or drop one here.</source>
        <translation>打开图像，或拖到这里。</translation>
    </message>
</context>
<context>
    <name>DetailsPanel</name>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Select an image to see its settings.</source>
        <translation>选择一张图像，查看它的设置。</translation>
    </message>
    <message>
        <source>More actions for this image</source>
        <translation>对这张图像的更多操作</translation>
    </message>
    <message>
        <source>Locate…</source>
        <translation>定位…</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>Lineage</source>
        <translation>谱系</translation>
    </message>
    <message>
        <source>Unsupported settings</source>
        <translation>不支持的设置</translation>
    </message>
    <message numerus="yes">
        <source>View %n Saved Steps</source>
        <translation>
            <numerusform>查看已保存的 %n 步</numerusform>
        </translation>
    </message>
    <message>
        <source>Steps {first} to {last}: view each, and branch from it (Ctrl+B)</source>
        <translation>第 {first} 至 {last} 步：逐步查看，并可分支 (Ctrl+B)</translation>
    </message>
    <message>
        <source>The file is missing.</source>
        <translation>文件缺失。</translation>
    </message>
    <message>
        <source>Find images with {term}</source>
        <translation>查找 {term} 的图像</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>The file is in the trash.</source>
        <translation>文件在回收站中。</translation>
    </message>
</context>
<context>
    <name>Differing</name>
    <message>
        <source>{name} here is a different file: its hash is {own}, not {hash}.</source>
        <translation>此处的 {name} 是另一个文件：其哈希值为 {own}，而不是 {hash}。</translation>
    </message>
</context>
<context>
    <name>Documentation</name>
    <message>
        <source>LDM Studio Documentation</source>
        <translation>LDM Studio 文档</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Up and Down turn to another page.</source>
        <translation>上下方向键切换页面。</translation>
    </message>
    <message>
        <source>Documentation</source>
        <translation>文档</translation>
    </message>
    <message>
        <source>Tab goes to the next link, Return follows it.</source>
        <translation>Tab 转到下一个链接，Return 打开它。</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>To the previous page (Alt+Left).</source>
        <translation>返回上一页 (Alt+Left)。</translation>
    </message>
</context>
<context>
    <name>Duration</name>
    <message>
        <source>{number} s</source>
        <translation>{number} 秒</translation>
    </message>
    <message>
        <source>{number} min</source>
        <translation>{number} 分</translation>
    </message>
    <message>
        <source>{number} h</source>
        <translation>{number} 小时</translation>
    </message>
</context>
<context>
    <name>EnlargeDialog</name>
    <message>
        <source>Enlarge Image</source>
        <translation>放大图像</translation>
    </message>
    <message>
        <source>{n} times as wide and high.</source>
        <translation>宽和高放大到 {n} 倍。</translation>
    </message>
    <message>
        <source>Enlarge</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>How much may change: low values clean edges, high values add detail.</source>
        <translation>允许改变多少：小则清理边缘，大则绘出新细节。</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>倍数</translation>
    </message>
    <message>
        <source>How many times larger it becomes.</source>
        <translation>放大到多少倍。</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>重绘强度</translation>
    </message>
    <message>
        <source>From {width} × {height} to {new_width} × {new_height} pixels, in overlapping tiles of {side} × {side} that are denoised together, so no seams appear. More tiles take more time, but hardly more memory.</source>
        <translation>从 {width} × {height} 放大到 {new_width} × {new_height} 像素，用 {side} × {side} 的重叠分块一起绘制，因此看不出接缝。分块越多耗时越长，但内存几乎不增加。</translation>
    </message>
    <message>
        <source>{model} was made for images of {width} × {height}. A strength of 0.1 to 0.2 cleans edges and removes scaling artifacts. Above that, it begins to draw the whole prompt into every tile; models for large images tolerate more.</source>
        <translation>{model} 适用于 {width} × {height} 的图像。强度 0.1 至 0.2 可清理边缘并去除缩放痕迹。再高就会在每个分块里都画出整个提示词；适用于大图的模型可以用更高的强度。</translation>
    </message>
</context>
<context>
    <name>ErrorDialog</name>
    <message>
        <source>Something Went Wrong</source>
        <translation>出错了</translation>
    </message>
    <message>
        <source>This is a bug in LDM Studio. Your prompt, canvas and images are saved. You can continue; if something looks wrong afterwards, restart the program.</source>
        <translation>这是 LDM Studio 的错误。您的提示词、画布和图像都已保存。可以继续使用；如果之后有异常，请重新启动程序。</translation>
    </message>
    <message>
        <source>Details of the error</source>
        <translation>错误详情</translation>
    </message>
    <message>
        <source>Copy Details</source>
        <translation>复制详情</translation>
    </message>
    <message>
        <source>Report a Problem…</source>
        <translation>报告问题…</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Errors since then: {count}</source>
        <translation>此后的错误数：{count}</translation>
    </message>
</context>
<context>
    <name>ErrorPresenter</name>
    <message>
        <source>Something went wrong again: {summary}</source>
        <translation>又出错了：{summary}</translation>
    </message>
    <message>
        <source>Details…</source>
        <translation>详情…</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export {images}</source>
        <translation>导出 {images}</translation>
    </message>
    <message>
        <source>Where to</source>
        <translation>导出到哪里</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Choose a place</source>
        <translation>选择位置</translation>
    </message>
    <message>
        <source>As</source>
        <translation>形式</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列数</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>The name has to end with {ending}.</source>
        <translation>文件名必须以 {ending} 结尾。</translation>
    </message>
    <message>
        <source>{width} × {height} pixels.</source>
        <translation>{width} × {height} 像素。</translation>
    </message>
    <message>
        <source>The folder is not empty; nothing in it is replaced.</source>
        <translation>文件夹不是空的；其中的内容不会被替换。</translation>
    </message>
    <message>
        <source>Export format</source>
        <translation>导出形式</translation>
    </message>
    <message>
        <source>A contact sheet is one image that shows all of them.</source>
        <translation>缩略图总览是包含所有图像的一张图。</translation>
    </message>
    <message>
        <source>images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>A folder or a file; it is created if it does not exist.</source>
        <translation>文件夹或文件；不存在时会自动创建。</translation>
    </message>
    <message>
        <source>Images per row</source>
        <translation>每行并排几张图像</translation>
    </message>
    <message>
        <source>Size of each image</source>
        <translation>每张图像的尺寸</translation>
    </message>
    <message>
        <source>Longer side of each image</source>
        <translation>每张图像长边的尺寸</translation>
    </message>
    <message>
        <source>Below each image</source>
        <translation>每张图像下方</translation>
    </message>
    <message>
        <source>Enter a full path.</source>
        <translation>请填写完整路径。</translation>
    </message>
    <message>
        <source>There is a file of this name: it is replaced.</source>
        <translation>已有同名文件：它将被替换。</translation>
    </message>
</context>
<context>
    <name>Exporter</name>
    <message>
        <source>An export is still running.</source>
        <translation>仍在导出。</translation>
    </message>
</context>
<context>
    <name>FileOperations</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Renamed to {name}.</source>
        <translation>已重命名为 {name}。</translation>
    </message>
    <message>
        <source>{images} could not be deleted.</source>
        <translation>无法删除 {images}。</translation>
    </message>
    <message>
        <source>{images} removed from the history.</source>
        <translation>已从历史记录中移除 {images}。</translation>
    </message>
    <message>
        <source>Moved {images} to the trash.</source>
        <translation>{images}已移到回收站。</translation>
    </message>
    <message>
        <source>Undo the Previous One</source>
        <translation>撤销再前一次</translation>
    </message>
    <message>
        <source>Restored {images}.</source>
        <translation>{images}已恢复。</translation>
    </message>
    <message>
        <source>Images ({endings})</source>
        <translation>图像 ({endings})</translation>
    </message>
    <message>
        <source>Import a Folder of Images</source>
        <translation>导入图像文件夹</translation>
    </message>
    <message>
        <source>Where is {name}?</source>
        <translation>{name} 在哪里？</translation>
    </message>
</context>
<context>
    <name>FilePicker</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Find by a part of the name or by family.</source>
        <translation>按名称的一部分或系列查找。</translation>
    </message>
    <message>
        <source>Choose with a click, or with Enter.</source>
        <translation>单击或按 Enter 选择。</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
</context>
<context>
    <name>FilesPage</name>
    <message>
        <source>Files and Folders</source>
        <translation>文件与文件夹</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose the output folder</source>
        <translation>选择输出文件夹</translation>
    </message>
    <message>
        <source>Output folder</source>
        <translation>输出文件夹</translation>
    </message>
    <message>
        <source>Applies from the next image on.</source>
        <translation>从下一张图像起生效。</translation>
    </message>
    <message>
        <source>The history watches the folder after restart.</source>
        <translation>重启后历史记录开始跟踪该文件夹。</translation>
    </message>
    <message>
        <source>File names</source>
        <translation>文件名</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>PNG: exact, read everywhere</source>
        <translation>PNG：无损，通用</translation>
    </message>
    <message>
        <source>WebP: exact and smaller</source>
        <translation>WebP：无损且更小</translation>
    </message>
    <message>
        <source>JPEG: small, not exact</source>
        <translation>JPEG：体积小，有损</translation>
    </message>
    <message>
        <source>All three contain the recipe. A replay of a JPEG cannot be compared bit by bit.</source>
        <translation>三种格式都含有生成参数。JPEG 在重放时无法逐位比较。</translation>
    </message>
    <message>
        <source>Model folders</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>Output Folder</source>
        <translation>输出文件夹</translation>
    </message>
    <message>
        <source>The next image: {name}</source>
        <translation>下一张图像：{name}</translation>
    </message>
    <message>
        <source>Placeholders in braces: {names}. A / creates a subfolder.</source>
        <translation>花括号中的占位符：{names}。/ 会建立子文件夹。</translation>
    </message>
    <message>
        <source>Models in these folders can be used; folders of AUTOMATIC1111, ComfyUI and InvokeAI are supported. Nothing is copied or changed. {folder} is always included.</source>
        <translation>可以使用这些文件夹中的模型，也支持 AUTOMATIC1111、ComfyUI 和 InvokeAI 的文件夹。不会复制或更改任何内容。{folder} 始终包含在内。</translation>
    </message>
    <message>
        <source>Add a Model Folder</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>Add and Remove change what is listed.</source>
        <translation>用“添加”和“移除”更改列表。</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>添加…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
</context>
<context>
    <name>FilterPanel</name>
    <message>
        <source>Filters</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Return shows only images with the selected values.</source>
        <translation>Return 只显示具有所选值的图像。</translation>
    </message>
    <message>
        <source>New Collection…</source>
        <translation>新建合集…</translation>
    </message>
    <message>
        <source>Ctrl+click to exclude</source>
        <translation>Ctrl+单击可排除</translation>
    </message>
    <message>
        <source>{number} more…</source>
        <translation>还有 {number} 个…</translation>
    </message>
    <message>
        <source>Drag images here, or onto a collection.</source>
        <translation>把图像拖到这里，或拖到某个合集上。</translation>
    </message>
    <message>
        <source>Remove “{name}”</source>
        <translation>移除“{name}”</translation>
    </message>
    <message>
        <source>Only These</source>
        <translation>仅显示这些</translation>
    </message>
    <message>
        <source>All but These</source>
        <translation>排除这些</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Remove Collection</source>
        <translation>删除合集</translation>
    </message>
    <message>
        <source>Remove from “{name}”</source>
        <translation>移出“{name}”</translation>
    </message>
</context>
<context>
    <name>FirstRunPage</name>
    <message>
        <source>How to begin</source>
        <translation>如何开始</translation>
    </message>
    <message>
        <source>Use My Models…</source>
        <translation>使用我的模型…</translation>
    </message>
    <message>
        <source>or drop one here</source>
        <translation>或拖到这里</translation>
    </message>
    <message>
        <source>The model that comes with LDM Studio understands English and makes small emoji of single things: hearts, animals, food, faces, in any colour you name. It is not made for photographs, people, lettering or scenes. For those, use a model of your own.</source>
        <translation>LDM Studio 自带的模型只懂英文，生成单个事物的小表情图：爱心、动物、食物、笑脸，颜色随您指定。它不适合照片、人物、文字或场景；那些请使用您自己的模型。</translation>
    </message>
    <message>
        <source>Add a folder of checkpoints, also of AUTOMATIC1111, ComfyUI or InvokeAI. Nothing is copied.</source>
        <translation>指定一个模型文件夹，也可以是 AUTOMATIC1111、ComfyUI、InvokeAI 的。不会复制任何文件。</translation>
    </message>
    <message>
        <source>Open an Image…</source>
        <translation>打开图像…</translation>
    </message>
    <message>
        <source>Start from an image, or restore the recipe it contains. You can also drop one here.</source>
        <translation>从一张图像开始，或恢复其中的生成参数。也可以拖到这里。</translation>
    </message>
    <message>
        <source>Generate it again, slightly different each time.</source>
        <translation>再生成一次，每次略有不同。</translation>
    </message>
    <message>
        <source>Generate {prompt}</source>
        <translation>生成 {prompt}</translation>
    </message>
    <message>
        <source>Type what you want to see, or try one of these:</source>
        <translation>输入您想看到的内容，或试试这些：</translation>
    </message>
    <message>
        <source>Type what you want to see.</source>
        <translation>输入您想看到的内容。</translation>
    </message>
</context>
<context>
    <name>Fitting</name>
    <message>
        <source>For this model, the image was scaled down from {width} × {height} and padded to {new_width} × {new_height}.</source>
        <translation>为适应此模型，图像已从 {width} × {height} 缩小，并在边缘补齐到 {new_width} × {new_height}。</translation>
    </message>
    <message>
        <source>For this model, the image was scaled down from {width} × {height} to {new_width} × {new_height}.</source>
        <translation>为适应此模型，图像已从 {width} × {height} 缩小到 {new_width} × {new_height}。</translation>
    </message>
    <message>
        <source>For this model, the image was padded to {new_width} × {new_height}.</source>
        <translation>为适应此模型，图像边缘已补齐到 {new_width} × {new_height}。</translation>
    </message>
    <message>
        <source>{name} can be at most {most}.</source>
        <translation>{name}最大为 {most}。</translation>
    </message>
    <message>
        <source>{name} must be {side}.</source>
        <translation>{name}必须是 {side}。</translation>
    </message>
    <message>
        <source>{name} must be {side} or {other}.</source>
        <translation>{name}必须是 {side} 或 {other}。</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>宽度</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>高度</translation>
    </message>
    <message>
        <source>It needs a control image.</source>
        <translation>它需要控制图。</translation>
    </message>
    <message>
        <source>Its latent space differs from that of {model}.</source>
        <translation>它的潜变量与 {model} 不同。</translation>
    </message>
    <message>
        <source>Clip skip: {clip_skip}</source>
        <translation>Clip skip：{clip_skip}</translation>
    </message>
    <message>
        <source>{width} × {height} is more than {side} pixels along a side, or than {millions} million in all.</source>
        <translation>{width} × {height} 超过了单边 {side} 像素或总共 {millions} 百万像素的上限。</translation>
    </message>
    <message>
        <source>A tile</source>
        <translation>分块</translation>
    </message>
</context>
<context>
    <name>Heart</name>
    <message>
        <source>Favourite (F)</source>
        <translation>收藏 (F)</translation>
    </message>
    <message>
        <source>Favourite</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>Not a favourite</source>
        <translation>未收藏</translation>
    </message>
</context>
<context>
    <name>HelpDialog</name>
    <message>
        <source>Text that can be read and copied.</source>
        <translation>可以阅读和复制的文本。</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>Reuse All</source>
        <translation>全部复用</translation>
    </message>
    <message>
        <source>Show it on the canvas and restore all its settings (Enter)</source>
        <translation>显示在画布上，并恢复它的全部设置 (Enter)</translation>
    </message>
    <message>
        <source>Reuse Prompt</source>
        <translation>复用提示词</translation>
    </message>
    <message>
        <source>Only its prompts</source>
        <translation>只用它的提示词</translation>
    </message>
    <message>
        <source>Reuse Seed</source>
        <translation>复用种子</translation>
    </message>
    <message>
        <source>Only its seed, locked</source>
        <translation>只用它的种子，并锁定</translation>
    </message>
    <message>
        <source>Reuse Sampler Settings</source>
        <translation>复用采样设置</translation>
    </message>
    <message>
        <source>Sampler, schedule, steps, guidance and their options</source>
        <translation>采样器、调度器、步数、引导强度及相关设置</translation>
    </message>
    <message>
        <source>Use as Initial Image</source>
        <translation>作为起始图</translation>
    </message>
    <message>
        <source>Use this image as the initial image</source>
        <translation>用这张图像作为起始图</translation>
    </message>
    <message>
        <source>View Steps and Branch</source>
        <translation>查看步骤并分支</translation>
    </message>
    <message>
        <source>Branch from a step</source>
        <translation>从某一步分支</translation>
    </message>
    <message>
        <source>Compare the two selected images</source>
        <translation>比较选中的两张图像</translation>
    </message>
    <message>
        <source>Rename the file</source>
        <translation>给文件改名</translation>
    </message>
    <message>
        <source>Choose the new location of the file</source>
        <translation>指出文件现在的位置</translation>
    </message>
    <message>
        <source>Toggle favourite</source>
        <translation>切换收藏</translation>
    </message>
    <message>
        <source>Remove from the Collection</source>
        <translation>移出合集</translation>
    </message>
    <message>
        <source>The image itself is kept</source>
        <translation>图像本身会保留</translation>
    </message>
    <message>
        <source>Move one place forward in the collection</source>
        <translation>在合集中前移一位</translation>
    </message>
    <message>
        <source>Move one place back in the collection</source>
        <translation>在合集中后移一位</translation>
    </message>
    <message>
        <source>Undo the last deletion, renaming or removal</source>
        <translation>撤销上一次删除、重命名或移出</translation>
    </message>
    <message>
        <source>To Canvas</source>
        <translation>发送到画布</translation>
    </message>
    <message>
        <source>Replay</source>
        <translation>重放</translation>
    </message>
    <message>
        <source>Make it again and compare</source>
        <translation>重新生成并比较</translation>
    </message>
    <message>
        <source>Compare Two</source>
        <translation>比较两张</translation>
    </message>
    <message>
        <source>Copy Prompt</source>
        <translation>复制提示词</translation>
    </message>
    <message>
        <source>Only the prompt, as text</source>
        <translation>只复制提示词文本</translation>
    </message>
    <message>
        <source>Copy Parameters</source>
        <translation>复制参数</translation>
    </message>
    <message>
        <source>As the text that other programs read</source>
        <translation>其他程序能读取的文本</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Open its folder</source>
        <translation>打开所在文件夹</translation>
    </message>
    <message>
        <source>Locate…</source>
        <translation>定位…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>As a folder, a zip file, a contact sheet or a table</source>
        <translation>导出为文件夹、zip 文件、缩略图总览或表格</translation>
    </message>
    <message>
        <source>Favourite</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>Move Earlier</source>
        <translation>前移</translation>
    </message>
    <message>
        <source>Move Later</source>
        <translation>后移</translation>
    </message>
    <message>
        <source>Move to the Trash</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>Can be undone</source>
        <translation>可以撤销</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Add to Collection</source>
        <translation>添加到合集</translation>
    </message>
    <message>
        <source>{one} and {other} have the same settings.</source>
        <translation>{one} 和 {other} 的设置相同。</translation>
    </message>
    <message>
        <source>d MMMM yyyy, HH:mm</source>
        <translation>yyyy年M月d日 HH:mm</translation>
    </message>
    <message>
        <source>made with {program}</source>
        <translation>由 {program} 生成</translation>
    </message>
    <message>
        <source>Copies in a folder</source>
        <translation>复制到文件夹</translation>
    </message>
    <message>
        <source>Zip file</source>
        <translation>Zip 文件</translation>
    </message>
    <message>
        <source>Contact sheet (PNG)</source>
        <translation>缩略图总览 (PNG)</translation>
    </message>
    <message>
        <source>Contact sheet (JPEG)</source>
        <translation>缩略图总览 (JPEG)</translation>
    </message>
    <message>
        <source>Table of the settings (CSV)</source>
        <translation>设置表格 (CSV)</translation>
    </message>
    <message>
        <source>All data (JSON lines)</source>
        <translation>全部信息 (JSON 行)</translation>
    </message>
    <message>
        <source>File name</source>
        <translation>文件名</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Sampler</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>CFG scale</source>
        <translation>引导强度 (CFG)</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Rating</source>
        <translation>评分</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Stopped: {images} are in {folder}.</source>
        <translation>已停止：{images}已在 {folder} 中。</translation>
    </message>
    <message>
        <source>Stopped: nothing was written.</source>
        <translation>已停止：没有写入任何内容。</translation>
    </message>
    <message>
        <source>{images} exported to {target}.</source>
        <translation>{images}已导出到 {target}。</translation>
    </message>
    <message>
        <source>{images} exported to {target}, {number} without a file left out.</source>
        <translation>{images}已导出到 {target}，略过 {number} 张没有文件的。</translation>
    </message>
    <message>
        <source>Favourites</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>4 stars and more</source>
        <translation>4 星及以上</translation>
    </message>
    <message>
        <source>Not rated</source>
        <translation>未评分</translation>
    </message>
    <message>
        <source>Inpainted</source>
        <translation>局部重绘</translation>
    </message>
    <message>
        <source>Derived</source>
        <translation>图生图</translation>
    </message>
    <message>
        <source>Saved steps</source>
        <translation>保存了步骤</translation>
    </message>
    <message>
        <source>Missing files</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>In the trash</source>
        <translation>在回收站中</translation>
    </message>
    <message>
        <source>Collections</source>
        <translation>合集</translation>
    </message>
    <message>
        <source>Saved searches</source>
        <translation>保存的搜索</translation>
    </message>
    <message>
        <source>Marks</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>no prompt</source>
        <translation>无提示词</translation>
    </message>
    <message>
        <source>favourite</source>
        <translation>收藏</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>缺失</translation>
    </message>
    <message>
        <source>deleted</source>
        <translation>已删除</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>种子 {seed}</translation>
    </message>
    <message>
        <source>(no prompt)</source>
        <translation>（无提示词）</translation>
    </message>
    <message>
        <source>No date</source>
        <translation>无日期</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>dddd, d MMMM</source>
        <translation>M月d日 dddd</translation>
    </message>
    <message>
        <source>dddd, d MMMM yyyy</source>
        <translation>yyyy年M月d日 dddd</translation>
    </message>
    <message>
        <source>Damaged</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>Missing</source>
        <translation>缺失</translation>
    </message>
    <message>
        <source>d MMMM yyyy</source>
        <translation>yyyy年M月d日</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>{number} new</source>
        <translation>{number} 张新增</translation>
    </message>
    <message>
        <source>{number} changed</source>
        <translation>{number} 张已更改</translation>
    </message>
    <message>
        <source>{number} moved</source>
        <translation>{number} 张已移动</translation>
    </message>
    <message>
        <source>{number} missing</source>
        <translation>{number} 张缺失</translation>
    </message>
    <message>
        <source>{number} already known</source>
        <translation>{number} 张已知</translation>
    </message>
    <message>
        <source>Stopped. {found} The rest is scanned the next time.</source>
        <translation>已停止。{found}其余的下次再扫描。</translation>
    </message>
    <message>
        <source>Unsupported settings: {names}.</source>
        <translation>不支持的设置：{names}。</translation>
    </message>
    <message>
        <source>Unsupported settings: {names}…</source>
        <translation>不支持的设置：{names}…</translation>
    </message>
    <message>
        <source>{images} in {folder}: {counts}.</source>
        <translation>{folder} 中有 {images}：{counts}。</translation>
    </message>
    <message>
        <source>{images} in {folder}.</source>
        <translation>{folder} 中有 {images}。</translation>
    </message>
    <message>
        <source>{images} in the folders: {counts}.</source>
        <translation>这些文件夹中有 {images}：{counts}。</translation>
    </message>
    <message>
        <source>{images} in the folders.</source>
        <translation>这些文件夹中有 {images}。</translation>
    </message>
    <message>
        <source>Could not be read: {file}: {reason}</source>
        <translation>无法读取：{file}：{reason}</translation>
    </message>
    <message>
        <source>Could not be read, with {number} more: {file}: {reason}</source>
        <translation>无法读取（另有 {number} 个）：{file}：{reason}</translation>
    </message>
    <message numerus="yes">
        <source>%Ln images</source>
        <translation>
            <numerusform>%Ln 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln stars</source>
        <translation>
            <numerusform>%Ln 星</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>HistoryController</name>
    <message>
        <source>Unsupported settings: {settings}</source>
        <translation>不支持的设置：{settings}</translation>
    </message>
    <message>
        <source>The settings of {name}, as far as they are supported.</source>
        <translation>{name} 的设置（仅限支持的部分）。</translation>
    </message>
    <message>
        <source>The settings of {name}</source>
        <translation>{name} 的设置</translation>
    </message>
    <message>
        <source>The prompts of {name}</source>
        <translation>{name} 的提示词</translation>
    </message>
    <message>
        <source>The seed of {name}</source>
        <translation>{name} 的种子</translation>
    </message>
    <message>
        <source>The sampler settings of {name}</source>
        <translation>{name} 的采样设置</translation>
    </message>
</context>
<context>
    <name>HistoryPage</name>
    <message>
        <source>Results so far are kept; the next scan continues from there.</source>
        <translation>已找到的会保留；下次从那里继续。</translation>
    </message>
    <message>
        <source>Stop exporting</source>
        <translation>停止导出</translation>
    </message>
    <message>
        <source>{number}+ images</source>
        <translation>{number}+ 张图像</translation>
    </message>
    <message>
        <source>{number} of {images}</source>
        <translation>{number}/{images}</translation>
    </message>
</context>
<context>
    <name>ImageSelection</name>
    <message>
        <source>{name} contains no recipe.</source>
        <translation>{name} 不含生成参数。</translation>
    </message>
    <message>
        <source>Copied the prompt of {name}.</source>
        <translation>已复制 {name} 的提示词。</translation>
    </message>
    <message>
        <source>Copied the parameters of {name}.</source>
        <translation>已复制 {name} 的参数。</translation>
    </message>
</context>
<context>
    <name>ImageStrip</name>
    <message>
        <source>(no prompt)</source>
        <translation>（无提示词）</translation>
    </message>
    <message>
        <source>{sampler}, {schedule}, {steps} steps, CFG {cfg}, seed {seed}, {width} × {height}</source>
        <translation>{sampler}，{schedule}，{steps} 步，CFG {cfg}，种子 {seed}，{width} × {height}</translation>
    </message>
    <message>
        <source>not saved</source>
        <translation>未保存</translation>
    </message>
    <message>
        <source>Images of this session</source>
        <translation>本次会话的图像</translation>
    </message>
    <message>
        <source>Images of this session: click one to restore it with its settings; drag one out to copy its file.</source>
        <translation>本次会话的图像：单击可查看并恢复其设置；拖出可复制文件。</translation>
    </message>
    <message>
        <source>Use as Initial Image</source>
        <translation>用作起始图</translation>
    </message>
    <message>
        <source>Save Image As…</source>
        <translation>图像另存为…</translation>
    </message>
    <message>
        <source>Copy Image</source>
        <translation>复制图像</translation>
    </message>
    <message>
        <source>Show and Restore Settings</source>
        <translation>显示并恢复设置</translation>
    </message>
    <message>
        <source>Replay</source>
        <translation>重放</translation>
    </message>
    <message>
        <source>Export With Transparent Background…</source>
        <translation>导出为透明背景…</translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation>在文件夹中显示</translation>
    </message>
</context>
<context>
    <name>InpaintSection</name>
    <message>
        <source>Advanced mask options</source>
        <translation>高级蒙版选项</translation>
    </message>
    <message>
        <source>Show or hide the seldom used mask options.</source>
        <translation>显示或隐藏不常用的蒙版选项。</translation>
    </message>
    <message>
        <source>Process at: {problem}</source>
        <translation>处理尺寸：{problem}</translation>
    </message>
</context>
<context>
    <name>LineageTree</name>
    <message>
        <source>The images it was made from, and those made from it</source>
        <translation>它的来源图像与由它生成的图像</translation>
    </message>
    <message>
        <source>The initial image</source>
        <translation>起始图</translation>
    </message>
    <message>
        <source>An image that is not in the history.</source>
        <translation>不在历史记录中的图像。</translation>
    </message>
    <message>
        <source>Double-click to restore its exact state.</source>
        <translation>双击可回到它当时的状态。</translation>
    </message>
    <message>
        <source>and {number} more</source>
        <translation>另有 {number} 张</translation>
    </message>
    <message>
        <source>The mask: white was inpainted.</source>
        <translation>蒙版：白色部分被重绘过。</translation>
    </message>
    <message>
        <source>Branch at step {step}: {prompt}</source>
        <translation>在第 {step} 步分支：{prompt}</translation>
    </message>
    <message>
        <source>Inpainted: {prompt}</source>
        <translation>局部重绘：{prompt}</translation>
    </message>
    <message>
        <source>{image} (missing)</source>
        <translation>{image}（缺失）</translation>
    </message>
    <message>
        <source>{image} (deleted)</source>
        <translation>{image}（已删除）</translation>
    </message>
    <message>
        <source>Restore This State</source>
        <translation>恢复此状态</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Compare with the Selected One</source>
        <translation>与选中的比较</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>LDM Studio</source>
        <translation>LDM Studio</translation>
    </message>
    <message>
        <source>Branch</source>
        <translation>分支</translation>
    </message>
    <message>
        <source>The images of this session appear here.</source>
        <translation>本次会话的图像会显示在这里。</translation>
    </message>
</context>
<context>
    <name>MaskEditingView</name>
    <message>
        <source>Set mask</source>
        <translation>设置蒙版</translation>
    </message>
    <message>
        <source>Clear mask</source>
        <translation>清除蒙版</translation>
    </message>
    <message>
        <source>Mask everything</source>
        <translation>全选蒙版</translation>
    </message>
    <message>
        <source>Invert mask</source>
        <translation>反转蒙版</translation>
    </message>
    <message>
        <source>Grow mask</source>
        <translation>扩展蒙版</translation>
    </message>
    <message>
        <source>Shrink mask</source>
        <translation>收缩蒙版</translation>
    </message>
    <message>
        <source>Feather mask</source>
        <translation>羽化蒙版</translation>
    </message>
    <message>
        <source>Mask transparent pixels</source>
        <translation>透明处设为蒙版</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Brush stroke</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Fill by colour</source>
        <translation>按颜色填充</translation>
    </message>
    <message>
        <source>Gradient</source>
        <translation>渐变</translation>
    </message>
    <message>
        <source>Extend the image</source>
        <translation>扩展图像</translation>
    </message>
</context>
<context>
    <name>MaskMenu</name>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Radius</source>
        <translation>半径</translation>
    </message>
    <message>
        <source>The radius of growing, shrinking and feathering</source>
        <translation>扩展、收缩和羽化的范围</translation>
    </message>
    <message>
        <source>By</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>扩展</translation>
    </message>
    <message>
        <source>Shrink</source>
        <translation>收缩</translation>
    </message>
    <message>
        <source>Feather</source>
        <translation>羽化</translation>
    </message>
    <message>
        <source>Mask everything</source>
        <translation>全选蒙版</translation>
    </message>
    <message>
        <source>Mask transparent pixels</source>
        <translation>透明处设为蒙版</translation>
    </message>
    <message>
        <source>Mask from an image…</source>
        <translation>从图像载入蒙版…</translation>
    </message>
    <message>
        <source>Save the mask as…</source>
        <translation>蒙版另存为…</translation>
    </message>
</context>
<context>
    <name>MaskUsageController</name>
    <message>
        <source>No pixel changed</source>
        <translation>没有像素改变</translation>
    </message>
    <message>
        <source>1 pixel changed, inside the mask</source>
        <translation>改变了 1 个像素，在蒙版内</translation>
    </message>
    <message>
        <source>{number} pixels changed, all inside the mask</source>
        <translation>改变了 {number} 个像素，全部在蒙版内</translation>
    </message>
</context>
<context>
    <name>ModelBox</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>There are no models.</source>
        <translation>没有模型。</translation>
    </message>
    <message>
        <source>Add a Folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Choose a model folder, or a folder that contains models. For A1111, Forge, ComfyUI and InvokeAI, choose the program&apos;s folder.</source>
        <translation>请选择模型文件夹或含有模型的文件夹。支持 A1111、Forge、ComfyUI 和 InvokeAI：选择该程序的文件夹即可。</translation>
    </message>
    <message>
        <source>Prediction type</source>
        <translation>预测类型</translation>
    </message>
    <message>
        <source>Prediction type of the model</source>
        <translation>所选模型的预测类型</translation>
    </message>
    <message>
        <source>What the model was trained to predict. Files rarely say it: if images are grey or garish, try the other. Stored beside the file.</source>
        <translation>模型训练时预测什么。文件很少写明：如果图像灰糊或刺眼，请试另一种。选择会记在文件旁边。</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Noise (eps)</source>
        <translation>噪声 (eps)</translation>
    </message>
    <message>
        <source>Velocity (v)</source>
        <translation>速度 (v)</translation>
    </message>
    <message>
        <source>There is no such model here: {model}</source>
        <translation>没有这个模型：{model}</translation>
    </message>
    <message>
        <source>{name} (missing)</source>
        <translation>{name}（缺失）</translation>
    </message>
    <message>
        <source>Choose a model folder, or a folder that contains models.</source>
        <translation>请选择模型文件夹，或包含模型的文件夹。</translation>
    </message>
    <message>
        <source>The model that generates the image.</source>
        <translation>用来生成图像的模型。</translation>
    </message>
    <message>
        <source>During a run: {plan}</source>
        <translation>运行时：{plan}</translation>
    </message>
    <message>
        <source>This cannot be saved: {}.</source>
        <translation>无法记住此选择：{}。</translation>
    </message>
    <message>
        <source>With the VAE beside it: {name}</source>
        <translation>使用旁边的 VAE：{name}</translation>
    </message>
    <message>
        <source>With the text encoders from {names}</source>
        <translation>使用来自 {names} 的文本编码器</translation>
    </message>
    <message>
        <source>depth</source>
        <translation>深度</translation>
    </message>
    <message>
        <source>inpainting</source>
        <translation>局部重绘</translation>
    </message>
    <message>
        <source>upscaling</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>{name} (default)</source>
        <translation>{name}（默认）</translation>
    </message>
    <message>
        <source>needs a VAE</source>
        <translation>需要 VAE</translation>
    </message>
    <message>
        <source>text from other files</source>
        <translation>文本编码器来自其他文件</translation>
    </message>
</context>
<context>
    <name>ModelField</name>
    <message>
        <source>Recommended settings</source>
        <translation>推荐设置</translation>
    </message>
    <message>
        <source>Reset to the settings recommended for the model.</source>
        <translation>重置为该模型的推荐设置。</translation>
    </message>
    <message>
        <source>VAE of the model</source>
        <translation>模型的 VAE</translation>
    </message>
    <message>
        <source>The autoencoder for the images of this model.</source>
        <translation>该模型图像所用的自编码器。</translation>
    </message>
    <message>
        <source>There is no supported model in {name}.</source>
        <translation>{name} 中没有可识别的模型。</translation>
    </message>
    <message>
        <source>Add a Model Folder</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>This model is missing. Choose another, or add its folder.</source>
        <translation>没有此模型。请换一个，或添加它所在的文件夹。</translation>
    </message>
    <message>
        <source>This model has no VAE of its own. Choose one for it:</source>
        <translation>该模型没有自带 VAE。请为它选择一个：</translation>
    </message>
</context>
<context>
    <name>ModelScan</name>
    <message numerus="yes">
        <source>Checking %n more files…</source>
        <translation>
            <numerusform>还要查看 %n 个文件…</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MoreSection</name>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Show or hide the seldom used settings.</source>
        <translation>显示或隐藏不常用的设置。</translation>
    </message>
    <message>
        <source>The first must be below the second.</source>
        <translation>第一个必须小于第二个。</translation>
    </message>
</context>
<context>
    <name>MultiSelectionPanel</name>
    <message>
        <source>Actions here apply to all of them.</source>
        <translation>此处的操作会应用于所有选中的图像。</translation>
    </message>
    <message>
        <source>Add to Collection</source>
        <translation>添加到合集</translation>
    </message>
    <message>
        <source>Add all of them to a collection</source>
        <translation>把它们全部添加到合集</translation>
    </message>
    <message>
        <source>{images} are selected</source>
        <translation>已选中 {images}</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Dismiss this notice.</source>
        <translation>关闭此通知。</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>通知</translation>
    </message>
</context>
<context>
    <name>Opening</name>
    <message>
        <source>The first of its {count} images is used.</source>
        <translation>使用其中 {count} 张图像的第一张。</translation>
    </message>
    <message>
        <source>The recipe cannot be used: {message}</source>
        <translation>其生成参数无法使用：{message}</translation>
    </message>
</context>
<context>
    <name>OptionsBar</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Brush size</source>
        <translation>画笔大小</translation>
    </message>
    <message>
        <source>Brush size in pixels of the image ([ and ])</source>
        <translation>画笔大小，以图像像素计 ([ 和 ])</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Hardness</source>
        <translation>硬度</translation>
    </message>
    <message>
        <source>Brush hardness</source>
        <translation>画笔硬度</translation>
    </message>
    <message>
        <source>Brush hardness: how crisp its edge is (Shift+[ and Shift+])</source>
        <translation>画笔硬度：边缘的清晰程度 (Shift+[ 和 Shift+])</translation>
    </message>
    <message>
        <source> %</source>
        <translation> %</translation>
    </message>
    <message>
        <source>Flow</source>
        <translation>流量</translation>
    </message>
    <message>
        <source>Brush flow</source>
        <translation>画笔流量</translation>
    </message>
    <message>
        <source>How much one stroke masks; below 100 %, strokes build up (Ctrl+[ and Ctrl+])</source>
        <translation>一笔涂上多少；低于 100 % 时可叠加 (Ctrl+[ 和 Ctrl+])</translation>
    </message>
    <message>
        <source>How much a colour may differ from the one you click</source>
        <translation>颜色与点击处可以相差多少</translation>
    </message>
    <message>
        <source>Tolerance</source>
        <translation>容差</translation>
    </message>
    <message>
        <source>Colour tolerance</source>
        <translation>颜色容差</translation>
    </message>
    <message>
        <source>Zoom. The wheel changes it, at the pointer (+ and -)</source>
        <translation>缩放。滚轮以指针为中心缩放 (+ 和 -)</translation>
    </message>
</context>
<context>
    <name>OutpaintBar</name>
    <message>
        <source>Extend the image</source>
        <translation>扩图</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>How far each side is extended, what fills it, and how far both overlap</source>
        <translation>每一侧扩展多少、用什么填充、新旧重叠多少</translation>
    </message>
    <message>
        <source>Extend</source>
        <translation>扩展</translation>
    </message>
    <message>
        <source>Extend by this</source>
        <translation>按此扩展</translation>
    </message>
    <message>
        <source>Add the new part and mask it; then generate it.</source>
        <translation>添加新部分并设为蒙版，然后生成。</translation>
    </message>
</context>
<context>
    <name>OutpaintFields</name>
    <message>
        <source>Pixels to add at this side</source>
        <translation>这一侧要增加的像素</translation>
    </message>
    <message>
        <source>The initial content of the new part; a strength below 1 keeps some of it</source>
        <translation>新部分的初始内容；强度低于 1 时会保留其中一部分</translation>
    </message>
    <message>
        <source>Pixels of the old image that are inpainted as well, so that both blend</source>
        <translation>原图中一并重绘的像素，使新旧融合</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>左</translation>
    </message>
    <message>
        <source>Top</source>
        <translation>上</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>右</translation>
    </message>
    <message>
        <source>Bottom</source>
        <translation>下</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>Overlap</source>
        <translation>重叠</translation>
    </message>
    <message>
        <source>Edge colours</source>
        <translation>边缘颜色</translation>
    </message>
    <message>
        <source>Mirrored</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>噪声</translation>
    </message>
</context>
<context>
    <name>ParameterRows</name>
    <message>
        <source>to</source>
        <translation>至</translation>
    </message>
</context>
<context>
    <name>Parameters</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>What the image shows.</source>
        <translation>图像的内容。</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>What the image should not show.</source>
        <translation>图像不应出现的内容。</translation>
    </message>
    <message>
        <source>Main settings</source>
        <translation>主要设置</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Name, file or folder of the model.</source>
        <translation>模型的名称、文件或文件夹。</translation>
    </message>
    <message>
        <source>Sampler</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>The method that denoises the image step by step.</source>
        <translation>从噪声走向图像的每一步如何进行。</translation>
    </message>
    <message>
        <source>DPM2 with fresh noise at every step: varied, and twice as slow as Euler a.</source>
        <translation>每步加入新噪声的 DPM2：变化丰富，耗时是 Euler a 的两倍。</translation>
    </message>
    <message>
        <source>DPM++ 2M with fresh noise at every step: detailed and varied.</source>
        <translation>每步加入新噪声的 DPM++ 2M：细节多、变化丰富。</translation>
    </message>
    <message>
        <source>Remembers two steps and adds fresh noise: finest detail from 30 steps.</source>
        <translation>记住两步并加入新噪声：30 步起细节最佳。</translation>
    </message>
    <message>
        <source>Groups three steps into one of third order: for very few steps.</source>
        <translation>把三步合为一个三阶步：用于极少步数。</translation>
    </message>
    <message>
        <source>The classic deterministic sampler; follows the same path as Euler.</source>
        <translation>经典的确定性采样器；与 Euler 走同一路径。</translation>
    </message>
    <message>
        <source>The original sampler: the same steps as Euler a, meant for very many.</source>
        <translation>最初的采样器：步骤与 Euler a 相同，适合非常多的步数。</translation>
    </message>
    <message>
        <source>The first sampler of Stable Diffusion: remembers four steps.</source>
        <translation>Stable Diffusion 最早的采样器：记住四步。</translation>
    </message>
    <message>
        <source>Extrapolates from the last three steps: steadier than LMS in few steps.</source>
        <translation>由最近三步外推：少步数时比 LMS 稳定。</translation>
    </message>
    <message>
        <source>Much noise early and little late: the variety of Euler a and sharper detail.</source>
        <translation>前期噪声多、后期少：有 Euler a 的变化，细节更锐利。</translation>
    </message>
    <message>
        <source>Euler that corrects its last error: better in few steps at the same speed.</source>
        <translation>会修正上一步误差的 Euler：速度相同，少步数更好。</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>调度器</translation>
    </message>
    <message>
        <source>How the noise levels are spread over the steps.</source>
        <translation>噪声水平在各步之间的分布。</translation>
    </message>
    <message>
        <source>More steps where there is little noise, which favours fine detail.</source>
        <translation>在噪声少处多走几步，利于细节。</translation>
    </message>
    <message>
        <source>Each step removes the same share of the noise; suits samplers that add noise.</source>
        <translation>每步去除同样比例的噪声；适合会加噪声的采样器。</translation>
    </message>
    <message>
        <source>The simplest: straight steps; converges to one image as steps grow.</source>
        <translation>最简单：直线步进，步数增加时收敛到同一张图像。</translation>
    </message>
    <message>
        <source>Adds fresh noise at every step: varied and forgiving; never converges as steps grow.</source>
        <translation>每步加入新噪声：变化丰富、容错好，增加步数也不会收敛。</translation>
    </message>
    <message>
        <source>Extrapolates from the last four steps: accurate, best above 20 steps.</source>
        <translation>由最近四步外推：准确，20 步以上最佳。</translation>
    </message>
    <message>
        <source>Two model evaluations per step: more accurate than Euler, and twice as slow.</source>
        <translation>每步求值两次：比 Euler 准确，耗时两倍。</translation>
    </message>
    <message>
        <source>A second evaluation in the middle of each step: accurate, and twice as slow as Euler.</source>
        <translation>在每步中间再求值一次：准确，耗时是 Euler 的两倍。</translation>
    </message>
    <message>
        <source>Two evaluations and fresh noise per step: detailed and varied, twice as slow.</source>
        <translation>每步求值两次并加入新噪声：细节多、变化丰富，耗时两倍。</translation>
    </message>
    <message>
        <source>Remembers the previous step: sharp images in fewer steps.</source>
        <translation>记住上一步：步数更少也清晰。</translation>
    </message>
    <message>
        <source>Two evaluations and two noise draws per step: rich detail in few steps, twice as slow.</source>
        <translation>每步求值两次、取两次噪声：少步数也细节丰富，耗时两倍。</translation>
    </message>
    <message>
        <source>DPM++ 2M SDE with more weight on the previous step: smoother in few steps.</source>
        <translation>给上一步更大权重的 DPM++ 2M SDE：少步数时更平滑。</translation>
    </message>
    <message>
        <source>As many evaluations per step as the error requires: accurate; its time varies.</source>
        <translation>每步按误差需要求值：准确，耗时不定。</translation>
    </message>
    <message>
        <source>Corrects each step with the next evaluation: accurate from 10 steps.</source>
        <translation>用下一次求值校正每一步：10 步起就很准确。</translation>
    </message>
    <message>
        <source>For models distilled to 2 to 8 steps, with a CFG scale of 1 to 2; blurry with others.</source>
        <translation>用于蒸馏到 2 至 8 步的模型，CFG 为 1 至 2；用于其他模型会模糊。</translation>
    </message>
    <message>
        <source>Adds noise again and removes it to correct errors; from 20 steps, twice as slow.</source>
        <translation>重新加噪再去噪以修正误差；20 步起，耗时两倍。</translation>
    </message>
    <message>
        <source>Heun that looks two steps ahead: smooth, and three times as slow as Euler.</source>
        <translation>向前看两步的 Heun：平滑，耗时是 Euler 的三倍。</translation>
    </message>
    <message>
        <source>PLMS with a plain first step: fast and sharp, for even schedules.</source>
        <translation>第一步从简的 PLMS：快而清晰，适合均匀的调度器。</translation>
    </message>
    <message>
        <source>IPNDM that weighs earlier steps by their size, for uneven schedules.</source>
        <translation>按步长给前几步加权的 IPNDM，适合不均匀的调度器。</translation>
    </message>
    <message>
        <source>DEIS as other programs have it: extrapolates in time, not in noise.</source>
        <translation>其他程序中的 DEIS：按时间而不是按噪声外推。</translation>
    </message>
    <message>
        <source>UniPC in its first variant, the default of other programs.</source>
        <translation>UniPC 的第一种变体，是其他程序的默认值。</translation>
    </message>
    <message>
        <source>Follows the change since the previous step exactly: few steps.</source>
        <translation>精确延续上一步以来的变化：步数少。</translation>
    </message>
    <message>
        <source>RES Multistep with fresh noise at every step: detailed and varied.</source>
        <translation>每步加入新噪声的 RES Multistep：细节多、变化丰富。</translation>
    </message>
    <message>
        <source>Two evaluations and two noise draws per step, for the exact SDE.</source>
        <translation>每步求值两次、取两次噪声，精确求解 SDE。</translation>
    </message>
    <message>
        <source>Three evaluations and three noise draws per step: most accurate.</source>
        <translation>每步求值三次、取三次噪声：最准确。</translation>
    </message>
    <message>
        <source>Predicts and corrects from four estimates, with fresh noise in the middle of the run.</source>
        <translation>由四次估计来预测并校正，在运行中段加入新噪声。</translation>
    </message>
    <message>
        <source>SA-Solver that evaluates each correction: steadier, and twice as slow.</source>
        <translation>对每次校正再求值的 SA-Solver：更稳定，耗时两倍。</translation>
    </message>
    <message>
        <source>Euler with CFG++: guidance that stays close to real images, with a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 Euler：引导时不偏离真实图像，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>Euler a with CFG++: varied and forgiving, with a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 Euler a：变化丰富、容错好，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>DPM++ 2S a with CFG++: two evaluations per step, with a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 DPM++ 2S a：每步求值两次，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>DPM++ 2M with CFG++: sharp in few steps, with a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 DPM++ 2M：步数少也清晰，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>RES Multistep with CFG++ and a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 RES Multistep，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>RES Multistep a with CFG++ and a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 RES Multistep a，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>Gradient Estimation with CFG++ and a CFG scale of 0.5 to 2.</source>
        <translation>带 CFG++ 的 Gradient Estimation，CFG 为 0.5 至 2。</translation>
    </message>
    <message>
        <source>DDIM with CFG++ as in AUTOMATIC1111, which divides the CFG scale by 12.5: usual scales.</source>
        <translation>AUTOMATIC1111 中带 CFG++ 的 DDIM，它把 CFG 除以 12.5：用平常的数值。</translation>
    </message>
    <message>
        <source>The default schedule of the sampler.</source>
        <translation>该采样器的默认调度器。</translation>
    </message>
    <message>
        <source>Timesteps evenly spaced from pure noise to clean.</source>
        <translation>模型时间步均匀分布，从纯噪声到干净。</translation>
    </message>
    <message>
        <source>Exponential with a curvature, rho; by default the same levels as Exponential.</source>
        <translation>带弯曲度 rho 的指数分布；默认与 Exponential 相同。</translation>
    </message>
    <message>
        <source>Evenly spaced timesteps without the nearly clean end; good with few steps.</source>
        <translation>时间步均匀分布，跳过接近干净的末段；适合少步数。</translation>
    </message>
    <message>
        <source>SGM Uniform on whole timesteps of the model, as in other programs.</source>
        <translation>取整数时间步的 SGM Uniform，与其他程序一致。</translation>
    </message>
    <message>
        <source>The spacing of the first DDIM; starts a little below pure noise.</source>
        <translation>最初 DDIM 的间隔；从略低于纯噪声处开始。</translation>
    </message>
    <message>
        <source>More steps at both ends: for the composition and for fine detail, fewer between.</source>
        <translation>两端步数多：利于构图和细节，中间较少。</translation>
    </message>
    <message>
        <source>A formula that keeps the error of few steps small.</source>
        <translation>使少步数误差较小的公式。</translation>
    </message>
    <message>
        <source>Ten levels tuned for Stable Diffusion 1, stretched to other counts and models.</source>
        <translation>为 Stable Diffusion 1 调校的十级噪声，可延伸到其他步数和模型。</translation>
    </message>
    <message>
        <source>Ten levels tuned for Stable Diffusion XL, stretched to other counts and models.</source>
        <translation>为 Stable Diffusion XL 调校的十级噪声，可延伸到其他步数和模型。</translation>
    </message>
    <message>
        <source>Align Your Steps with one more step at its lowest level; for Stable Diffusion 1.</source>
        <translation>在最低一级多走一步的 Align Your Steps；用于 Stable Diffusion 1。</translation>
    </message>
    <message>
        <source>Align Your Steps with one more step at its lowest level; for Stable Diffusion XL.</source>
        <translation>在最低一级多走一步的 Align Your Steps；用于 Stable Diffusion XL。</translation>
    </message>
    <message>
        <source>Align Your Steps from a table of 32 levels, for many steps; for Stable Diffusion 1.</source>
        <translation>取自 32 级表的 Align Your Steps，适合步数多时；用于 Stable Diffusion 1。</translation>
    </message>
    <message>
        <source>Align Your Steps from a table of 32 levels, for many steps; for Stable Diffusion XL.</source>
        <translation>取自 32 级表的 Align Your Steps，适合步数多时；用于 Stable Diffusion XL。</translation>
    </message>
    <message>
        <source>Levels found by the shape of the path: few steps at high noise; for Stable Diffusion 1.</source>
        <translation>按路径形状求得的噪声级：高噪声处步数少；用于 Stable Diffusion 1。</translation>
    </message>
    <message>
        <source>Levels found by the shape of the path: few steps at high noise; for Stable Diffusion XL.</source>
        <translation>按路径形状求得的噪声级：高噪声处步数少；用于 Stable Diffusion XL。</translation>
    </message>
    <message>
        <source>Evenly spaced whole timesteps that count from pure noise: for distilled models.</source>
        <translation>从纯噪声数起、间隔均匀的整数时间步：用于蒸馏模型。</translation>
    </message>
    <message>
        <source>Half of the steps near pure noise, then ever larger ones: for rectified flows.</source>
        <translation>一半步数靠近纯噪声，随后步子越来越大：用于整流流模型。</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>How many steps lead from noise to the image: more take longer and show more detail.</source>
        <translation>从噪声到图像的步数：越多越慢，细节也越多。</translation>
    </message>
    <message>
        <source>CFG scale</source>
        <translation>引导强度 (CFG)</translation>
    </message>
    <message>
        <source>How closely the image follows the prompt: 1 is no guidance, 15 is very strict.</source>
        <translation>图像遵循提示词的程度：1 为无引导，15 非常严格。</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>宽度</translation>
    </message>
    <message>
        <source>Width of the image in pixels, a multiple of what the model needs.</source>
        <translation>图像宽度，以像素计，须为模型所需数的倍数。</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>高度</translation>
    </message>
    <message>
        <source>Height of the image in pixels, a multiple of what the model needs.</source>
        <translation>图像高度，以像素计，须为模型所需数的倍数。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The number that the noise is made from: the same seed and settings give the same image.</source>
        <translation>用来产生噪声的数字：种子和设置相同，图像就相同。</translation>
    </message>
    <message>
        <source>Batch count</source>
        <translation>生成数量</translation>
    </message>
    <message>
        <source>How many images to make, each with the next seed.</source>
        <translation>生成几张图像，种子依次递增。</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>重绘强度</translation>
    </message>
    <message>
        <source>Denoising strength: how much of the initial image may change. 1 keeps nothing of it.</source>
        <translation>去噪强度：起始图允许改变多少。1 为完全重绘。</translation>
    </message>
    <message>
        <source>Prompt syntax, CLIP skip and VAE</source>
        <translation>提示词语法、CLIP skip 和 VAE</translation>
    </message>
    <message>
        <source>Prompt syntax</source>
        <translation>提示词语法</translation>
    </message>
    <message>
        <source>The program whose prompt syntax and weighting are used.</source>
        <translation>按哪个程序的方式书写提示词和设置权重。</translation>
    </message>
    <message>
        <source>Syntax</source>
        <translation>语法</translation>
    </message>
    <message>
        <source>Weights, AND, BREAK, [from:to:when] and [a|b], as in AUTOMATIC1111 and Forge.</source>
        <translation>权重、AND、BREAK、[from:to:when] 和 [a|b]，与 AUTOMATIC1111 和 Forge 相同。</translation>
    </message>
    <message>
        <source>Weights in round brackets alone, and acting as they do in ComfyUI.</source>
        <translation>只支持圆括号权重，作用方式与 ComfyUI 相同。</translation>
    </message>
    <message>
        <source>A1111 as version 0.1 of LDM Studio read it, for its images.</source>
        <translation>按 LDM Studio 0.1 版读取 A1111 语法的方式，用于它的图像。</translation>
    </message>
    <message>
        <source>ComfyUI as version 0.1 of LDM Studio read it, for its images.</source>
        <translation>按 LDM Studio 0.1 版读取 ComfyUI 语法的方式，用于它的图像。</translation>
    </message>
    <message>
        <source>Clip skip</source>
        <translation>Clip skip</translation>
    </message>
    <message>
        <source>The number of skipped layers of the text encoder plus 1: 1 uses all layers, 2 all but the last. Models of Stable Diffusion 1 were often made for 2.</source>
        <translation>文本编码器在哪一层结束：1 使用全部层，2 跳过最后一层。Stable Diffusion 1 的模型常用 2。</translation>
    </message>
    <message>
        <source>VAE</source>
        <translation>VAE</translation>
    </message>
    <message>
        <source>The autoencoder that encodes and decodes images, in place of the model&apos;s own: another one may give better colours and eyes.</source>
        <translation>用于编码和解码图像的自编码器，代替模型自带的：换一个可能使颜色和眼睛更好。</translation>
    </message>
    <message>
        <source>Refiner</source>
        <translation>精修模型</translation>
    </message>
    <message>
        <source>Another model that takes over at the end: the refiner of Stable Diffusion XL, or any model with the same latents.</source>
        <translation>在末段接着采样的另一个模型：Stable Diffusion XL 的精修模型，或任何潜变量相同的模型。</translation>
    </message>
    <message>
        <source>Refiner switch at</source>
        <translation>精修模型切换点</translation>
    </message>
    <message>
        <source>The share of the steps after which the refiner takes over: 0.8 is usual, 1 never.</source>
        <translation>精修模型在步数的多少比例之后接手：常用 0.8，1 为从不。</translation>
    </message>
    <message>
        <source>Switch at</source>
        <translation>切换点</translation>
    </message>
    <message>
        <source>CFG interval</source>
        <translation>CFG 区间</translation>
    </message>
    <message>
        <source>Guidance</source>
        <translation>引导</translation>
    </message>
    <message>
        <source>CFG rescale</source>
        <translation>CFG 重缩放</translation>
    </message>
    <message>
        <source>Brings back the contrast that a strong CFG spoils: 0.7 is usual, 0 is off.</source>
        <translation>恢复被高 CFG 破坏的对比度：常用 0.7，0 为关闭。</translation>
    </message>
    <message>
        <source>Guidance start</source>
        <translation>引导起点</translation>
    </message>
    <message>
        <source>CFG acts from this share of the sampling time on: 0 is pure noise, 1 the image.</source>
        <translation>CFG 从采样时间的这个比例开始起作用：0 为纯噪声，1 为图像。</translation>
    </message>
    <message>
        <source>Guidance end</source>
        <translation>引导终点</translation>
    </message>
    <message>
        <source>CFG acts up to this share of the sampling time.</source>
        <translation>CFG 到采样时间的这个比例为止起作用。</translation>
    </message>
    <message>
        <source>Mimic CFG</source>
        <translation>模拟 CFG</translation>
    </message>
    <message>
        <source>Dynamic thresholding: keeps to the range of values that this lower CFG would give; 0 is off.</source>
        <translation>动态阈值：把数值保持在这个较低 CFG 的范围内；0 为关闭。</translation>
    </message>
    <message>
        <source>Threshold quantile</source>
        <translation>阈值分位数</translation>
    </message>
    <message>
        <source>Dynamic thresholding clips the values beyond this quantile.</source>
        <translation>动态阈值会裁剪超出此分位数的数值。</translation>
    </message>
    <message>
        <source>Quantile</source>
        <translation>分位数</translation>
    </message>
    <message>
        <source>CFG++</source>
        <translation>CFG++</translation>
    </message>
    <message>
        <source>CFG++ of this strength, in place of the CFG scale: 0.6 is usual, 0 is off.</source>
        <translation>用此强度的 CFG++ 代替 CFG：常用 0.6，0 为关闭。</translation>
    </message>
    <message>
        <source>CFG-Zero*</source>
        <translation>CFG-Zero*</translation>
    </message>
    <message>
        <source>Scales the unconditional prediction of a flow model to fit the conditional one, before CFG.</source>
        <translation>在 CFG 之前缩放流模型的无条件预测，使其贴合有条件预测。</translation>
    </message>
    <message>
        <source>Zero-init steps</source>
        <translation>零初始化步数</translation>
    </message>
    <message>
        <source>The number of first steps in which a flow model&apos;s velocity is zero: 1 is usual with CFG-Zero*, 0 is off.</source>
        <translation>在最初的若干步中把流模型的速度当作零：配合 CFG-Zero* 常用 1，0 为关闭。</translation>
    </message>
    <message>
        <source>Sampler options</source>
        <translation>采样器选项</translation>
    </message>
    <message>
        <source>Eta</source>
        <translation>Eta</translation>
    </message>
    <message>
        <source>The share of fresh noise per step: 0 none, 1 that of the full stochastic process.</source>
        <translation>每步新噪声的比例：0 为无，1 为过程的全部。</translation>
    </message>
    <message>
        <source>S-noise</source>
        <translation>S-noise</translation>
    </message>
    <message>
        <source>Scales fresh noise: a little above 1 gives more detail.</source>
        <translation>缩放新噪声：略大于 1 细节更多。</translation>
    </message>
    <message>
        <source>Churn</source>
        <translation>Churn</translation>
    </message>
    <message>
        <source>Noise that is put back before each step, summed over the run (S_churn).</source>
        <translation>每步之前加回的噪声，为整个过程的总量（S_churn）。</translation>
    </message>
    <message>
        <source>Churn minimum</source>
        <translation>Churn 最小值</translation>
    </message>
    <message>
        <source>Noise is put back only above this sigma (S_tmin).</source>
        <translation>只在高于此 sigma 时加回噪声（S_tmin）。</translation>
    </message>
    <message>
        <source>Churn range</source>
        <translation>Churn 区间</translation>
    </message>
    <message>
        <source>0</source>
        <translation>0</translation>
    </message>
    <message>
        <source>Churn maximum</source>
        <translation>Churn 最大值</translation>
    </message>
    <message>
        <source>Noise is put back only below this sigma (S_tmax).</source>
        <translation>只在低于此 sigma 时加回噪声（S_tmax）。</translation>
    </message>
    <message>
        <source>∞</source>
        <translation>∞</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>阶数</translation>
    </message>
    <message>
        <source>How many evaluations a multistep solver looks back to: fewer are steadier.</source>
        <translation>多步求解器回看多少次评估：越少越稳定。</translation>
    </message>
    <message>
        <source>Noise levels</source>
        <translation>噪声水平</translation>
    </message>
    <message>
        <source>Sigmas</source>
        <translation>Sigma</translation>
    </message>
    <message>
        <source>The noise levels to visit in place of a schedule: falling, above 0, one for each step.</source>
        <translation>代替调度器的噪声水平：递减且大于 0，每步一个。</translation>
    </message>
    <message>
        <source>Minimum sigma</source>
        <translation>最小 sigma</translation>
    </message>
    <message>
        <source>The lowest noise level above 0, within those of the model.</source>
        <translation>大于 0 的最低噪声水平，须在模型范围内。</translation>
    </message>
    <message>
        <source>Sigma range</source>
        <translation>Sigma 范围</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Maximum sigma</source>
        <translation>最大 sigma</translation>
    </message>
    <message>
        <source>The highest noise level, within those of the model.</source>
        <translation>最高噪声水平，须在模型范围内。</translation>
    </message>
    <message>
        <source>Rho</source>
        <translation>Rho</translation>
    </message>
    <message>
        <source>The curvature of the schedule: higher spends more steps where there is little noise.</source>
        <translation>调度曲线的弯曲度：越高，噪声少处的步数越多。</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>噪声</translation>
    </message>
    <message>
        <source>Noise source</source>
        <translation>噪声来源</translation>
    </message>
    <message>
        <source>The program whose noise is used, to reproduce its images.</source>
        <translation>按哪个程序的方式由种子产生噪声，以便重现其图像。</translation>
    </message>
    <message>
        <source>The same on every device and in every batch; each step draws its own.</source>
        <translation>在任何设备和批次中都相同；每步各自取噪声。</translation>
    </message>
    <message>
        <source>Like AUTOMATIC1111 with the random number source CPU.</source>
        <translation>与 AUTOMATIC1111 随机数来源为 CPU 时的噪声一致。</translation>
    </message>
    <message>
        <source>Like AUTOMATIC1111 on an NVIDIA card, or with the source NV.</source>
        <translation>与 AUTOMATIC1111 在 NVIDIA 显卡上或来源为 NV 时的噪声一致。</translation>
    </message>
    <message>
        <source>Like ComfyUI on an NVIDIA card, for the first image of a batch.</source>
        <translation>与 ComfyUI 在 NVIDIA 显卡上一批中第一张图像的噪声一致。</translation>
    </message>
    <message>
        <source>Variation strength</source>
        <translation>变化强度</translation>
    </message>
    <message>
        <source>How far the noise is turned towards that of the variation seed: 0 is off, 1 is that seed&apos;s noise.</source>
        <translation>噪声向变化种子靠近的程度：0 为关闭，1 为完全采用该种子的噪声。</translation>
    </message>
    <message>
        <source>Variation</source>
        <translation>变化强度</translation>
    </message>
    <message>
        <source>Variation seed</source>
        <translation>变化种子</translation>
    </message>
    <message>
        <source>The seed that the variation goes towards.</source>
        <translation>变化所靠近的种子。</translation>
    </message>
    <message>
        <source>Seed width</source>
        <translation>种子宽度</translation>
    </message>
    <message>
        <source>The width of an image whose noise is put in the middle, so that this one resembles it; 0 is off.</source>
        <translation>把这一宽度的图像的噪声放在中间，使本图与它相像；0 为关闭。</translation>
    </message>
    <message>
        <source>Seed size</source>
        <translation>种子尺寸</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Seed height</source>
        <translation>种子高度</translation>
    </message>
    <message>
        <source>The height of that image; 0 is off.</source>
        <translation>该图像的高度；0 为关闭。</translation>
    </message>
    <message>
        <source>Noise seed delta</source>
        <translation>噪声种子偏移</translation>
    </message>
    <message>
        <source>Added to the seed for the noise of the steps, but not for the initial noise: 31337 in many recipes of AUTOMATIC1111 (ENSD).</source>
        <translation>生成各步噪声时加到种子上的数，不影响初始噪声：AUTOMATIC1111 的许多配方中为 31337（ENSD）。</translation>
    </message>
    <message>
        <source>Conventions</source>
        <translation>约定</translation>
    </message>
    <message>
        <source>The program whose meaning of schedules, steps and strength is used, to repeat its images.</source>
        <translation>按哪个程序来理解调度器、步数和强度，以便重现它的图像。</translation>
    </message>
    <message>
        <source>Every number of steps is exact, and every run ends without noise.</source>
        <translation>步数总是准确的，运行结束时不留噪声。</translation>
    </message>
    <message>
        <source>Schedules, steps of image-to-image and endings as in AUTOMATIC1111 and Forge.</source>
        <translation>调度器、图生图的步数和结尾与 AUTOMATIC1111 和 Forge 相同。</translation>
    </message>
    <message>
        <source>Schedules, steps of image-to-image and timesteps as in ComfyUI.</source>
        <translation>调度器、图生图的步数和时间步与 ComfyUI 相同。</translation>
    </message>
    <message>
        <source>Tiled diffusion</source>
        <translation>分块扩散</translation>
    </message>
    <message>
        <source>Tile size</source>
        <translation>分块大小</translation>
    </message>
    <message>
        <source>Process in overlapping tiles of this side, which share one trajectory: for images larger than the model&apos;s limit. 0 is off.</source>
        <translation>用此边长的重叠分块共同采样：用于超出模型上限的图像。0 为关闭。</translation>
    </message>
    <message>
        <source>Control image</source>
        <translation>控制图</translation>
    </message>
    <message>
        <source>Image CFG</source>
        <translation>图像 CFG</translation>
    </message>
    <message>
        <source>How closely the result keeps to the image that is edited: 1.5 is usual, 1 is no image guidance.</source>
        <translation>结果与被编辑图像的接近程度：常用 1.5，1 为无图像引导。</translation>
    </message>
    <message>
        <source>Noise level</source>
        <translation>噪声等级</translation>
    </message>
    <message>
        <source>How much noise is added to the image that is upscaled or varied: more noise invents more detail. 20 is usual for upscaling, 0 for variations.</source>
        <translation>给要放大或变化的图像加多少噪声：越多，新增内容越多。放大常用 20，变化常用 0。</translation>
    </message>
    <message>
        <source>Inpainting</source>
        <translation>局部重绘</translation>
    </message>
    <message>
        <source>Inpaint</source>
        <translation>重绘</translation>
    </message>
    <message>
        <source>Which side of the mask changes.</source>
        <translation>改变蒙版的哪一侧。</translation>
    </message>
    <message>
        <source>Masked area</source>
        <translation>蒙版区域</translation>
    </message>
    <message>
        <source>Inpaint the masked part, and keep the rest.</source>
        <translation>重绘蒙版覆盖的部分，保留其余部分。</translation>
    </message>
    <message>
        <source>Unmasked area</source>
        <translation>非蒙版区域</translation>
    </message>
    <message>
        <source>Inpaint the rest, and keep the masked part.</source>
        <translation>保留蒙版覆盖的部分，重绘其余部分。</translation>
    </message>
    <message>
        <source>Inpaint area</source>
        <translation>重绘区域</translation>
    </message>
    <message>
        <source>Which part of the image the model sees.</source>
        <translation>模型看到图像的哪一部分。</translation>
    </message>
    <message>
        <source>Whole image</source>
        <translation>整张图像</translation>
    </message>
    <message>
        <source>Process the whole image; only masked pixels change.</source>
        <translation>处理整张图像，只改变蒙版内的像素。</translation>
    </message>
    <message>
        <source>Only masked</source>
        <translation>仅蒙版区域</translation>
    </message>
    <message>
        <source>Crop the masked area, process it at the model&apos;s size, and paste it back: more detail, and images of any size.</source>
        <translation>裁出蒙版区域，按模型的尺寸处理后贴回：细节更多，图像尺寸不限。</translation>
    </message>
    <message>
        <source>Padding</source>
        <translation>边距</translation>
    </message>
    <message>
        <source>Pixels around the masked area that the model sees as well, so that the result fits in.</source>
        <translation>模型也能看到的蒙版周围像素，使结果与周围协调。</translation>
    </message>
    <message>
        <source>Match colours</source>
        <translation>匹配颜色</translation>
    </message>
    <message>
        <source>Removes the difference in colour at the border of the masked area that decoding leaves. Only masked pixels change.</source>
        <translation>消除解码在蒙版区域边界留下的色差。只改变蒙版内的像素。</translation>
    </message>
    <message>
        <source>Advanced mask options</source>
        <translation>高级蒙版选项</translation>
    </message>
    <message>
        <source>Grow mask</source>
        <translation>扩展蒙版</translation>
    </message>
    <message>
        <source>Grows the mask by this many pixels before it is used; below 0 shrinks it.</source>
        <translation>使用前把蒙版扩展这么多像素；负数为收缩。</translation>
    </message>
    <message>
        <source>Mask blur</source>
        <translation>蒙版模糊</translation>
    </message>
    <message>
        <source>Then softens its edge over this many pixels, to blend new and kept parts.</source>
        <translation>再把边缘柔化这么多像素，使新旧内容融合。</translation>
    </message>
    <message>
        <source>Masked content</source>
        <translation>蒙版内容</translation>
    </message>
    <message>
        <source>What the masked area starts from.</source>
        <translation>蒙版区域的初始内容。</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>原图</translation>
    </message>
    <message>
        <source>The existing content: a low strength keeps much of it.</source>
        <translation>已有的内容：强度低则保留得多。</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>The colours around the mask, spread into it.</source>
        <translation>把蒙版周围的颜色延伸进来。</translation>
    </message>
    <message>
        <source>Latent noise</source>
        <translation>潜变量噪声</translation>
    </message>
    <message>
        <source>Noise alone: something new. Needs a strength near 1.</source>
        <translation>只有噪声：全新的内容。强度需接近 1。</translation>
    </message>
    <message>
        <source>Latent zeros</source>
        <translation>空白潜变量</translation>
    </message>
    <message>
        <source>An empty latent: something new and calm. Strength near 1.</source>
        <translation>空的潜变量：平静的新内容。强度需接近 1。</translation>
    </message>
    <message>
        <source>Soft mask</source>
        <translation>柔性蒙版</translation>
    </message>
    <message>
        <source>Differential diffusion: grey in the mask is the strength of a pixel. The lighter it is, the sooner the pixel takes part and the more it changes.</source>
        <translation>差分扩散：蒙版的灰度就是像素的强度。越亮，越早参与重绘，变化越大。</translation>
    </message>
    <message>
        <source>Process width</source>
        <translation>处理宽度</translation>
    </message>
    <message>
        <source>The width that the masked area is processed at; 0 is the model&apos;s.</source>
        <translation>处理蒙版区域所用的宽度；0 为模型的宽度。</translation>
    </message>
    <message>
        <source>Process at</source>
        <translation>处理尺寸</translation>
    </message>
    <message>
        <source>Process height</source>
        <translation>处理高度</translation>
    </message>
    <message>
        <source>The height that the masked area is processed at; 0 is the model&apos;s.</source>
        <translation>处理蒙版区域所用的高度；0 为模型的高度。</translation>
    </message>
</context>
<context>
    <name>Placeholder</name>
    <message>
        <source>Opening the history…</source>
        <translation>正在打开历史记录…</translation>
    </message>
    <message>
        <source>Try Again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索…</translation>
    </message>
    <message>
        <source>Nothing found for “{query}”</source>
        <translation>没有找到“{query}”</translation>
    </message>
    <message>
        <source>Try fewer words. Words match at their beginning: fo finds fox.</source>
        <translation>词越少，结果越多。按词首匹配：fo 能找到 fox。</translation>
    </message>
    <message>
        <source>Your images appear here automatically, with everything needed to reproduce them. You can also import folders of AUTOMATIC1111, ComfyUI, InvokeAI and others; nothing is copied or changed.</source>
        <translation>您的图像会自动出现在这里，并带有重现所需的一切。也可以导入 AUTOMATIC1111、ComfyUI、InvokeAI 等的文件夹；不会复制或更改任何内容。</translation>
    </message>
    <message>
        <source>No images yet</source>
        <translation>还没有图像</translation>
    </message>
    <message>
        <source>Clear the Search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>Import a Folder…</source>
        <translation>导入文件夹…</translation>
    </message>
</context>
<context>
    <name>Preferences</name>
    <message>
        <source>The settings cannot be written: {reason}.</source>
        <translation>无法写入设置：{reason}。</translation>
    </message>
    <message>
        <source>They apply until you close LDM Studio.</source>
        <translation>在关闭 LDM Studio 之前有效。</translation>
    </message>
</context>
<context>
    <name>PressureMenu</name>
    <message>
        <source>Pressure changes the size</source>
        <translation>笔压改变大小</translation>
    </message>
    <message>
        <source>Pressure changes the flow</source>
        <translation>笔压改变流量</translation>
    </message>
</context>
<context>
    <name>PreviewsPage</name>
    <message>
        <source>Previews and Steps</source>
        <translation>预览与步骤</translation>
    </message>
    <message>
        <source>Show previews</source>
        <translation>显示预览</translation>
    </message>
    <message>
        <source>If off, only the finished image is shown.</source>
        <translation>关闭后只显示完成的图像。</translation>
    </message>
    <message>
        <source>Maximum preview rate</source>
        <translation>最高预览频率</translation>
    </message>
    <message>
        <source>Per second. A lower rate leaves more time for steps that take less than a second.</source>
        <translation>每秒次数。每步不到一秒时，频率低可以留出更多时间。</translation>
    </message>
    <message>
        <source>Maximum preview size</source>
        <translation>最大预览尺寸</translation>
    </message>
    <message>
        <source>Larger images have coarser previews. The result is not affected.</source>
        <translation>较大图像的预览较粗糙，结果不受影响。</translation>
    </message>
    <message>
        <source>Save intermediate steps</source>
        <translation>保存中间步骤</translation>
    </message>
    <message>
        <source>To view every step later, and branch from it.</source>
        <translation>以便之后查看每一步并从中分支。</translation>
    </message>
    <message>
        <source>Disk limit for saved steps</source>
        <translation>步骤的磁盘上限</translation>
    </message>
    <message>
        <source>The oldest are deleted first.</source>
        <translation>最旧的先删除。</translation>
    </message>
    <message>
        <source>None are saved</source>
        <translation>不保留</translation>
    </message>
    <message>
        <source> pixels</source>
        <translation> 像素</translation>
    </message>
    <message>
        <source> MiB</source>
        <translation> MiB</translation>
    </message>
</context>
<context>
    <name>PrivacyPage</name>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>The file contains the prompts, all settings and the model&apos;s name: anybody who has it can read them, and similar programs can reproduce the image.</source>
        <translation>文件中含有提示词、全部设置和模型名称：得到文件的任何人都能读取，同类程序都能重新生成这张图像。</translation>
    </message>
    <message>
        <source>The file contains seed, sampler, size and the model&apos;s name, but not the prompts. The history cannot find such images by their words, and they cannot be reproduced.</source>
        <translation>文件中含有种子、采样器、尺寸和模型名称，但没有提示词。历史记录无法按文字找到这样的图像，也无法重新生成。</translation>
    </message>
    <message>
        <source>The file contains only the image. The history knows no settings of it, and it cannot be reproduced.</source>
        <translation>文件中只有图像。历史记录没有它的设置，也无法重现。</translation>
    </message>
    <message>
        <source>Metadata in saved images</source>
        <translation>保存图像的元数据</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Everything but the prompts</source>
        <translation>除提示词外的全部</translation>
    </message>
    <message>
        <source>Nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Applies from the next image on.</source>
        <translation>从下一张图像起生效。</translation>
    </message>
</context>
<context>
    <name>ProgressLine</name>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Scanning the folders…</source>
        <translation>正在扫描文件夹…</translation>
    </message>
    <message>
        <source>Scanning the folders: {done} of {total}</source>
        <translation>正在扫描文件夹：{done}/{total}</translation>
    </message>
    <message>
        <source>Scanning {folder}: {done} of {total}</source>
        <translation>正在扫描 {folder}：{done}/{total}</translation>
    </message>
    <message>
        <source>Scanning {folder}…</source>
        <translation>正在扫描 {folder}…</translation>
    </message>
    <message>
        <source>Exporting to {folder}…</source>
        <translation>正在导出到 {folder}…</translation>
    </message>
    <message>
        <source>Exporting to {folder}: {done} of {total}</source>
        <translation>正在导出到 {folder}：{done}/{total}</translation>
    </message>
</context>
<context>
    <name>PromptPanel</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Describe the image</source>
        <translation>描述图像</translation>
    </message>
    <message>
        <source>Describe what the image should show, in plain words.</source>
        <translation>用自然的语言描述图像的内容。</translation>
    </message>
    <message>
        <source>What to avoid</source>
        <translation>要避免的内容</translation>
    </message>
    <message>
        <source>Describe what the image should not show.</source>
        <translation>描述图像中不应出现的内容。</translation>
    </message>
    <message>
        <source>Show or hide the negative prompt.</source>
        <translation>显示或隐藏反向提示词。</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>Use this as the prompt.</source>
        <translation>用作提示词。</translation>
    </message>
</context>
<context>
    <name>QKeySequenceEdit</name>
    <message>
        <source>Press shortcut</source>
        <translation>按下新的快捷键</translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message>
        <source>{done} of {count} done</source>
        <translation>已完成 {done}/{count}</translation>
    </message>
    <message>
        <source>step {step} of {steps}</source>
        <translation>第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>即将开始</translation>
    </message>
    <message>
        <source>paused at step {step} of {steps}</source>
        <translation>暂停于第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>interrupted at step {step} of {steps}</source>
        <translation>中断于第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message numerus="yes">
        <source>%n images</source>
        <translation>
            <numerusform>%n 张图像</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueueController</name>
    <message>
        <source>Resume All</source>
        <translation>全部继续</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Discard All</source>
        <translation>全部放弃</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Interrupted images resume where they stopped, with identical results.</source>
        <translation>被中断的图像从停下处继续，结果完全相同。</translation>
    </message>
    <message>
        <source>An image (“{name}”) was interrupted at step {step} of {steps}.</source>
        <translation>图像“{name}”在第 {step}/{steps} 步被中断。</translation>
    </message>
    <message>
        <source>An image (“{name}”) was interrupted.</source>
        <translation>图像“{name}”被中断。</translation>
    </message>
    <message>
        <source>An image was interrupted at step {step} of {steps}.</source>
        <translation>一张图像在第 {step}/{steps} 步被中断。</translation>
    </message>
    <message>
        <source>An image was interrupted.</source>
        <translation>一张图像被中断。</translation>
    </message>
    <message numerus="yes">
        <source>%n images in the queue.</source>
        <translation>
            <numerusform>队列中有 %n 张图像等待。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n images were interrupted.</source>
        <translation>
            <numerusform>%n 张图像被中断。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more in the queue.</source>
        <translation>
            <numerusform>队列中还有 %n 张等待。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueueModel</name>
    <message>
        <source>(no prompt)</source>
        <translation>（无提示词）</translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Pause the queue</source>
        <translation>暂停队列</translation>
    </message>
    <message>
        <source>Resume this one</source>
        <translation>继续这一张</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Resume the queue</source>
        <translation>继续队列</translation>
    </message>
    <message>
        <source>Running and queued images: drag to reorder.</source>
        <translation>正在运行和排队的图像：拖动可调整顺序。</translation>
    </message>
    <message>
        <source>Resume the interrupted image.</source>
        <translation>继续被中断的图像。</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move up in the queue (Alt+Up).</source>
        <translation>在队列中上移 (Alt+Up)。</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Move down in the queue (Alt+Down).</source>
        <translation>在队列中下移 (Alt+Down)。</translation>
    </message>
    <message>
        <source>Remove from the queue (Delete).</source>
        <translation>把这一张移出队列 (Delete)。</translation>
    </message>
    <message>
        <source>Resume the queue (Ctrl+P).</source>
        <translation>继续队列 (Ctrl+P)。</translation>
    </message>
    <message>
        <source>Pause after the current step, and start nothing new (Ctrl+P).</source>
        <translation>当前步完成后停下，不再开始新任务 (Ctrl+P)。</translation>
    </message>
    <message numerus="yes">
        <source>%n interrupted</source>
        <translation>
            <numerusform>%n 张已中断</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more in the queue</source>
        <translation>
            <numerusform>队列中还有 %n 张</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n in the queue</source>
        <translation>
            <numerusform>队列中有 %n 张</numerusform>
        </translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Move Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move Down</source>
        <translation>下移</translation>
    </message>
</context>
<context>
    <name>RecoveryNotice</name>
    <message>
        <source>your prompt and settings</source>
        <translation>您的提示词和设置</translation>
    </message>
    <message>
        <source>LDM Studio closed unexpectedly the last time.</source>
        <translation>LDM Studio 上次意外关闭。</translation>
    </message>
    <message>
        <source>Recovered: {}.</source>
        <translation>已恢复：{}。</translation>
    </message>
</context>
<context>
    <name>RefinerBox</name>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>{name} (missing)</source>
        <translation>{name}（缺失）</translation>
    </message>
</context>
<context>
    <name>RenameDialog</name>
    <message>
        <source>The name of the file, without {ending}:</source>
        <translation>文件名，不含 {ending}：</translation>
    </message>
    <message>
        <source>Rename Image</source>
        <translation>重命名图像</translation>
    </message>
    <message>
        <source>Name of the image</source>
        <translation>图像名称</translation>
    </message>
    <message>
        <source>The history is updated; no data is lost.</source>
        <translation>历史记录会同步更新，不会丢失任何信息。</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Another file has this name.</source>
        <translation>已有同名文件。</translation>
    </message>
</context>
<context>
    <name>ReplayController</name>
    <message>
        <source>{name} is replayed next…</source>
        <translation>接下来重放 {name}…</translation>
    </message>
    <message>
        <source>Replaying {name}: step {step} of {steps}. Esc stops it.</source>
        <translation>正在重放 {name}：第 {step}/{steps} 步。按 Esc 停止。</translation>
    </message>
    <message>
        <source>Replayed {name}: {found}</source>
        <translation>已重放 {name}：{found}</translation>
    </message>
    <message>
        <source>The replay was stopped.</source>
        <translation>重放已停止。</translation>
    </message>
    <message>
        <source>identical, {steps} steps and all pixels.</source>
        <translation>完全一致，{steps} 步和所有像素都相同。</translation>
    </message>
    <message>
        <source>step {step} of {steps} is the first that differs; the final image is the same.</source>
        <translation>从第 {step}/{steps} 步开始不同，但最终图像相同。</translation>
    </message>
    <message>
        <source>step {step} of {steps} is the first that differs; the final image differs too.</source>
        <translation>从第 {step}/{steps} 步开始不同，最终图像也不同。</translation>
    </message>
    <message>
        <source>the finished image differs.</source>
        <translation>最终图像不同。</translation>
    </message>
    <message>
        <source>Possible causes: {causes}.</source>
        <translation>可能的原因：{causes}。</translation>
    </message>
    <message>
        <source>all {steps} steps are the same, but the file is not.</source>
        <translation>全部 {steps} 步相同，但文件不同。</translation>
    </message>
    <message>
        <source>, or </source>
        <translation>，或</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Report a Problem</source>
        <translation>报告问题</translation>
    </message>
    <message>
        <source>Include my prompts</source>
        <translation>包含我的提示词</translation>
    </message>
    <message>
        <source>Only needed when the problem depends on what you wrote.</source>
        <translation>仅当问题与您所写内容有关时需要。</translation>
    </message>
    <message>
        <source>Files of the report</source>
        <translation>报告中的文件</translation>
    </message>
    <message>
        <source>Save the information that helps to find the problem as one file, and send it with a sentence about what you did. LDM Studio itself sends nothing. Below is everything that the file will contain.</source>
        <translation>把有助于查找问题的信息存为一个文件，并附上一句操作说明发送。LDM Studio 本身不会发送任何内容。下面是文件中的全部内容。</translation>
    </message>
    <message>
        <source>Up and Down show another file.</source>
        <translation>上下方向键显示其他文件的内容。</translation>
    </message>
    <message>
        <source>Contents of the file</source>
        <translation>文件内容</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>The report cannot be written: {reason}.</source>
        <translation>无法写入报告：{reason}。</translation>
    </message>
    <message>
        <source>Choose another folder.</source>
        <translation>请换一个文件夹。</translation>
    </message>
    <message>
        <source>The report is saved as {path}.</source>
        <translation>报告已保存为 {path}。</translation>
    </message>
    <message>
        <source>Checking this computer…</source>
        <translation>正在检测这台电脑的能力…</translation>
    </message>
    <message>
        <source>Save Report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Zip file (*.zip)</source>
        <translation>Zip 文件 (*.zip)</translation>
    </message>
</context>
<context>
    <name>RunArea</name>
    <message>
        <source>Add to the queue</source>
        <translation>加入队列</translation>
    </message>
    <message>
        <source>Add another image to the queue (Ctrl+Enter).</source>
        <translation>再排一张图像 (Ctrl+Enter)。</translation>
    </message>
    <message>
        <source>Pause after the current step; you can resume later, even after a restart (Ctrl+P).</source>
        <translation>当前步完成后停下，以后可继续，重启后也可以 (Ctrl+P)。</translation>
    </message>
    <message>
        <source>Cancel the paused image (Esc).</source>
        <translation>取消暂停的图像 (Esc)。</translation>
    </message>
    <message>
        <source>Generate with every change, without saving (Ctrl+L).</source>
        <translation>每次更改都重新生成，不保存 (Ctrl+L)。</translation>
    </message>
    <message>
        <source>Update the running image</source>
        <translation>更新正在生成的图像</translation>
    </message>
    <message>
        <source>Estimated time and memory of the next image, based on the last one.</source>
        <translation>根据上一张估计下一张图像所需的时间和内存。</translation>
    </message>
    <message>
        <source>Show or hide the queue (Ctrl+J).</source>
        <translation>显示或隐藏队列 (Ctrl+J)。</translation>
    </message>
    <message>
        <source>Update the running image from its next step on: {words} (Ctrl+Shift+Enter).</source>
        <translation>从下一步起更改正在绘制的图像：{words} (Ctrl+Shift+Enter)。</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>预计</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
</context>
<context>
    <name>RunButton</name>
    <message>
        <source>Generate</source>
        <translation>生成</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Keep this image – loading model…</source>
        <translation>保留此图 – 正在加载模型…</translation>
    </message>
    <message>
        <source>Keep this image</source>
        <translation>保留此图</translation>
    </message>
    <message>
        <source>Generate – loading model…</source>
        <translation>生成 – 正在加载模型…</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>Cancel – loading model…</source>
        <translation>取消 – 正在加载模型…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Resume where it was paused (Ctrl+P).</source>
        <translation>从暂停处继续 (Ctrl+P)。</translation>
    </message>
    <message>
        <source>Generate the image you see, and save it (Ctrl+Enter).</source>
        <translation>生成所见的图像并保存 (Ctrl+Enter)。</translation>
    </message>
    <message>
        <source>Generate the image (Ctrl+Enter).</source>
        <translation>生成图像 (Ctrl+Enter)。</translation>
    </message>
    <message>
        <source>Stop after the current step; prompt and mask stay (Esc).</source>
        <translation>当前步完成后停止；提示词和蒙版保留 (Esc)。</translation>
    </message>
</context>
<context>
    <name>SamplerPanel</name>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Generate an image from the prompt.</source>
        <translation>只用提示词生成图像。</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Generate an image from the initial image and the prompt.</source>
        <translation>用起始图和提示词生成图像。</translation>
    </message>
    <message>
        <source>Inpaint</source>
        <translation>局部重绘</translation>
    </message>
    <message>
        <source>Change only the masked area of the canvas.</source>
        <translation>只重绘画布上涂抹的部分。</translation>
    </message>
    <message>
        <source>Start from</source>
        <translation>起始</translation>
    </message>
    <message>
        <source>What the first step starts from.</source>
        <translation>第一步之前的内容。</translation>
    </message>
    <message>
        <source>The list of sigmas under More sets the number of steps.</source>
        <translation>步数等于“更多”中 sigma 列表的个数。</translation>
    </message>
    <message>
        <source>The list of sigmas under More is used instead.</source>
        <translation>改用“更多”中的 sigma 列表。</translation>
    </message>
    <message>
        <source>CFG++ under More is used instead.</source>
        <translation>改用“更多”中的 CFG++。</translation>
    </message>
    <message>
        <source>Generate an image from the prompt and the depth map below.</source>
        <translation>用提示词和下面的深度图生成图像。</translation>
    </message>
    <message>
        <source>Generate an image from the initial image and the depth map below.</source>
        <translation>用起始图并按下面的深度生成图像。</translation>
    </message>
    <message>
        <source>Edit the image below by the instruction in the prompt.</source>
        <translation>按提示词编辑下面的图像。</translation>
    </message>
    <message>
        <source>Edit the initial image, or the one below; the strength sets how much of it changes.</source>
        <translation>编辑起始图或下面的图像，按强度保留原有内容。</translation>
    </message>
    <message>
        <source>Enlarge the image below; describe it in the prompt.</source>
        <translation>放大下面的图像；提示词描述其内容。</translation>
    </message>
    <message>
        <source>Regenerate the initial image at its size.</source>
        <translation>按原有尺寸重绘起始图。</translation>
    </message>
    <message>
        <source>Generate an image from the prompt, varying the one below if there is one.</source>
        <translation>按提示词生成图像；如果下方有图像，就以它为蓝本变化。</translation>
    </message>
    <message>
        <source>Generate an image from the initial image, varying the one below if there is one.</source>
        <translation>从起始图像生成图像；如果下方有图像，就以它为蓝本变化。</translation>
    </message>
    <message>
        <source>New seed</source>
        <translation>换新种子</translation>
    </message>
    <message>
        <source>Take a new random seed now and keep it.</source>
        <translation>现在换一个随机种子并固定。</translation>
    </message>
    <message>
        <source>Keep the seed</source>
        <translation>固定种子</translation>
    </message>
    <message>
        <source>Keep this seed, rather than a new one each time.</source>
        <translation>固定此种子，而不是每次换新的。</translation>
    </message>
    <message>
        <source>{} was made for about {} steps.</source>
        <translation>{} 适合用约 {} 步绘制。</translation>
    </message>
    <message>
        <source>{} was made for a low CFG scale, such as {:g}.</source>
        <translation>{} 适合较低的引导强度：{:g} 较合适。</translation>
    </message>
    <message>
        <source>At least one step runs: with {steps} steps, a strength of {least}.</source>
        <translation>至少要绘制一步：{steps} 步时，强度至少为 {least}。</translation>
    </message>
</context>
<context>
    <name>SaveStyleDialog</name>
    <message>
        <source>Save Prompt as Style</source>
        <translation>把提示词存为风格</translation>
    </message>
    <message>
        <source>Name of the style</source>
        <translation>风格名称</translation>
    </message>
    <message>
        <source>Enter a name for the style.</source>
        <translation>给风格起的名称。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>“{name}” already exists and would be replaced.</source>
        <translation>已有“{name}”：保存会替换它。</translation>
    </message>
    <message>
        <source>It is appended to the prompt. Write {place} where the prompt should go instead.</source>
        <translation>它会加在提示词后面。如需指定位置，请在该处写 {place}。</translation>
    </message>
    <message>
        <source>{place} stands for the prompt that the style is applied to.</source>
        <translation>{place} 代表应用风格的提示词。</translation>
    </message>
</context>
<context>
    <name>SearchBar</name>
    <message>
        <source>Canvas</source>
        <translation>画布</translation>
    </message>
    <message>
        <source>Back to the canvas (Ctrl+H, Esc)</source>
        <translation>返回画布 (Ctrl+H, Esc)</translation>
    </message>
    <message>
        <source>Filters</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Show or hide the filters</source>
        <translation>显示或隐藏筛选</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Show or hide the details</source>
        <translation>显示或隐藏详情</translation>
    </message>
    <message>
        <source>Save this search</source>
        <translation>保存此搜索</translation>
    </message>
    <message>
        <source>How to search</source>
        <translation>搜索方法</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Rescan All Folders</source>
        <translation>重新扫描所有文件夹</translation>
    </message>
    <message>
        <source>Rescan</source>
        <translation>重新扫描</translation>
    </message>
    <message>
        <source>Stop Watching</source>
        <translation>停止跟踪</translation>
    </message>
    <message>
        <source>Save Search</source>
        <translation>保存搜索</translation>
    </message>
    <message>
        <source>A name for “{query}”:</source>
        <translation>“{query}”的名称：</translation>
    </message>
    <message>
        <source>Size of the images (Ctrl+wheel)</source>
        <translation>图像大小 (Ctrl+滚轮)</translation>
    </message>
    <message>
        <source>Size of the images</source>
        <translation>图像大小</translation>
    </message>
    <message>
        <source>Import and scan folders</source>
        <translation>导入和查看文件夹</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Import a Folder…</source>
        <translation>导入文件夹…</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Search prompts, tags and models, or write model:… rating:&gt;=4</source>
        <translation>搜索提示词、标签和模型，或输入 model:… rating:&gt;=4</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Words of the prompt, and terms such as seed:7 or rating:4.</source>
        <translation>提示词中的词，以及 seed:7 或 rating:4 等条件。</translation>
    </message>
</context>
<context>
    <name>Searching</name>
    <message>
        <source>a word that begins with it, in prompts, tags or model</source>
        <translation>提示词、标签或模型中以此开头的词</translation>
    </message>
    <message>
        <source>these words in this order</source>
        <translation>按此顺序出现的这些词</translation>
    </message>
    <message>
        <source>the first word without the second</source>
        <translation>有第一个词而没有第二个词</translation>
    </message>
    <message>
        <source>words of one text</source>
        <translation>某一文本中的词</translation>
    </message>
    <message>
        <source>one of these tags</source>
        <translation>这些标签之一</translation>
    </message>
    <message>
        <source>a part of the name; in quotation marks the whole name</source>
        <translation>名称的一部分；加引号为完整名称</translation>
    </message>
    <message>
        <source>a part of the file&apos;s or folder&apos;s name</source>
        <translation>文件名或文件夹名的一部分</translation>
    </message>
    <message>
        <source>the beginning of a collection&apos;s name</source>
        <translation>合集名称的开头</translation>
    </message>
    <message>
        <source>the beginning of the model&apos;s hash</source>
        <translation>模型哈希值的开头</translation>
    </message>
    <message>
        <source>a number, or a range of numbers</source>
        <translation>数字或数字范围</translation>
    </message>
    <message>
        <source>width and height</source>
        <translation>宽和高</translation>
    </message>
    <message>
        <source>days, months, years, or the last days</source>
        <translation>某天、某月、某年，或最近几天</translation>
    </message>
    <message>
        <source>marks, and the state of the file</source>
        <translation>标记，以及文件的状态</translation>
    </message>
    <message>
        <source>what belongs to an image</source>
        <translation>图像具有的内容</translation>
    </message>
    <message>
        <source>the shape</source>
        <translation>形状</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>Prompt and settings cannot be saved in {folder}: {reason}.</source>
        <translation>无法把提示词和设置保存在 {folder}：{reason}。</translation>
    </message>
    <message>
        <source>Saving is tried again; until it succeeds, closing LDM Studio would lose them.</source>
        <translation>会自动重试；成功之前，关闭 LDM Studio 会丢失它们。</translation>
    </message>
</context>
<context>
    <name>Setting</name>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>wildcards</source>
        <translation>通配符</translation>
    </message>
    <message>
        <source>wildcards of the negative prompt</source>
        <translation>反向提示词的通配符</translation>
    </message>
    <message>
        <source>control image</source>
        <translation>控制图</translation>
    </message>
    <message>
        <source>conditions</source>
        <translation>条件</translation>
    </message>
</context>
<context>
    <name>Settings of images</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Model hash</source>
        <translation>模型哈希</translation>
    </message>
    <message>
        <source>VAE</source>
        <translation>VAE</translation>
    </message>
    <message>
        <source>VAE hash</source>
        <translation>VAE 哈希</translation>
    </message>
    <message>
        <source>Made with</source>
        <translation>生成程序</translation>
    </message>
    <message>
        <source>Collection</source>
        <translation>合集</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>Negative Template</source>
        <translation>反向模板</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>改动</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Search settings</source>
        <translation>搜索设置</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Up and Down turn to another page of the settings.</source>
        <translation>上下方向键切换设置页面。</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>Shows the settings that contain these words, on every page (Ctrl+F).</source>
        <translation>在所有页面中显示含有这些词的设置 (Ctrl+F)。</translation>
    </message>
    <message>
        <source>No setting contains these words.</source>
        <translation>没有含这些词的设置。</translation>
    </message>
    <message>
        <source>“{page}” was reset to the defaults.</source>
        <translation>“{page}”已恢复默认值。</translation>
    </message>
    <message>
        <source>{file} contains no settings: {reason}.</source>
        <translation>{file} 不含设置：{reason}。</translation>
    </message>
    <message>
        <source>Imported the settings of {file}.</source>
        <translation>已导入 {file} 的设置。</translation>
    </message>
    <message>
        <source>Ignored, as they are unknown: {names}.</source>
        <translation>已忽略未知项：{names}。</translation>
    </message>
    <message>
        <source>{file} cannot be written: {reason}.</source>
        <translation>无法写入 {file}：{reason}。</translation>
    </message>
    <message>
        <source>Written to {file}.</source>
        <translation>已写入 {file}。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Reset This Page</source>
        <translation>重置本页</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Import Settings</source>
        <translation>导入设置</translation>
    </message>
    <message>
        <source>Export Settings</source>
        <translation>导出设置</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>In the prompt</source>
        <translation>在提示词中</translation>
    </message>
    <message>
        <source>Stronger, weaker words</source>
        <translation>增强、减弱权重</translation>
    </message>
    <message>
        <source>On the canvas</source>
        <translation>在画布上</translation>
    </message>
    <message>
        <source>Brush, eraser</source>
        <translation>画笔、橡皮擦</translation>
    </message>
    <message>
        <source>Rectangle, lasso</source>
        <translation>矩形、套索</translation>
    </message>
    <message>
        <source>Fill by colour, gradient</source>
        <translation>按颜色填充、渐变</translation>
    </message>
    <message>
        <source>Move the crosshair; far; by one pixel</source>
        <translation>移动十字光标；大步；逐像素</translation>
    </message>
    <message>
        <source>arrow keys; with Shift; with Ctrl</source>
        <translation>方向键；配合 Shift；配合 Ctrl</translation>
    </message>
    <message>
        <source>Smaller, larger brush</source>
        <translation>缩小、放大画笔</translation>
    </message>
    <message>
        <source>Softer, harder brush</source>
        <translation>画笔变软、变硬</translation>
    </message>
    <message>
        <source>Grow, shrink, feather the mask</source>
        <translation>扩展、收缩、羽化蒙版</translation>
    </message>
    <message>
        <source>Invert, mask everything, clear</source>
        <translation>反转、全选、清除蒙版</translation>
    </message>
    <message>
        <source>Space + drag</source>
        <translation>空格 + 拖动</translation>
    </message>
    <message>
        <source>Move the phrase left, right</source>
        <translation>短语前移、后移</translation>
    </message>
    <message>
        <source>Put the tool down at the crosshair, lift it</source>
        <translation>在十字光标处落下、抬起工具</translation>
    </message>
    <message>
        <source>Extend the image</source>
        <translation>扩图</translation>
    </message>
    <message>
        <source>Extend: move an edge out; back; move the view</source>
        <translation>扩图：边缘外移；移回；移动视图</translation>
    </message>
    <message>
        <source>Move the image</source>
        <translation>移动图像</translation>
    </message>
    <message>
        <source>Compare with the previous image</source>
        <translation>与之前的图像比较</translation>
    </message>
    <message>
        <source>hold C</source>
        <translation>按住 C</translation>
    </message>
    <message>
        <source>Painted mask, latent mask, blend</source>
        <translation>所绘蒙版、潜变量蒙版、混合</translation>
    </message>
    <message>
        <source>Flip through candidates, keep one</source>
        <translation>翻看候选图、采用一张</translation>
    </message>
    <message>
        <source>Hand</source>
        <translation>抓手</translation>
    </message>
    <message>
        <source>Move the view, with the hand; further</source>
        <translation>用抓手移动视图；大步</translation>
    </message>
    <message>
        <source>arrow keys; with Shift</source>
        <translation>方向键；配合 Shift</translation>
    </message>
    <message>
        <source>Switch between brush and eraser</source>
        <translation>画笔与橡皮擦互换</translation>
    </message>
    <message>
        <source>Decrease, increase the flow of the brush</source>
        <translation>减小、增大画笔流量</translation>
    </message>
    <message>
        <source>Fit, 100 %, zoom in, zoom out</source>
        <translation>适应、100 %、放大、缩小</translation>
    </message>
    <message>
        <source>Undo, redo</source>
        <translation>撤销、重做</translation>
    </message>
    <message>
        <source>Previous, next step</source>
        <translation>上一步、下一步</translation>
    </message>
    <message>
        <source>Back to the image</source>
        <translation>回到图像</translation>
    </message>
    <message>
        <source>Move up, down</source>
        <translation>上移、下移</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移出</translation>
    </message>
    <message>
        <source>Reuse with all settings</source>
        <translation>连同全部设置再次使用</translation>
    </message>
    <message>
        <source>Remove the rating</source>
        <translation>取消评分</translation>
    </message>
    <message>
        <source>Rescan all folders</source>
        <translation>重新扫描所有文件夹</translation>
    </message>
    <message>
        <source>Size of the images</source>
        <translation>图像大小</translation>
    </message>
    <message>
        <source>Ctrl + wheel</source>
        <translation>Ctrl 加滚轮</translation>
    </message>
    <message>
        <source>This is not a single key.</source>
        <translation>这不是单个按键。</translation>
    </message>
    <message>
        <source>Keys without Ctrl or Alt are reserved for typing and the canvas.</source>
        <translation>没有 Ctrl 或 Alt 的按键保留给输入和画布。</translation>
    </message>
    <message>
        <source>Show or hide the mask, its menu</source>
        <translation>显示或隐藏蒙版、蒙版菜单</translation>
    </message>
    <message>
        <source>On the steps</source>
        <translation>在步骤上</translation>
    </message>
    <message>
        <source>Branch from here</source>
        <translation>从这里分支</translation>
    </message>
    <message>
        <source>In the queue</source>
        <translation>在队列中</translation>
    </message>
    <message>
        <source>In the history</source>
        <translation>在历史记录中</translation>
    </message>
    <message>
        <source>Rate from 1 to 5</source>
        <translation>评分 1 到 5</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Back to the canvas</source>
        <translation>返回画布</translation>
    </message>
</context>
<context>
    <name>ShortcutsPage</name>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Commands and their keys</source>
        <translation>命令及其快捷键</translation>
    </message>
    <message>
        <source>Return goes to the field for new keys of the command.</source>
        <translation>Return 转到该命令的新按键输入框。</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>New keys</source>
        <translation>新按键</translation>
    </message>
    <message>
        <source>Press the new keys for the command.</source>
        <translation>按下要给该命令设置的按键。</translation>
    </message>
    <message>
        <source>Remove the keys of the command.</source>
        <translation>不给该命令设置快捷键。</translation>
    </message>
    <message>
        <source>Works only there, and cannot be changed.</source>
        <translation>只在该处有效，不能更改。</translation>
    </message>
    <message>
        <source>The command already has these keys.</source>
        <translation>它已经使用这些按键。</translation>
    </message>
    <message>
        <source>Reassign</source>
        <translation>改用</translation>
    </message>
    <message>
        <source>{keys} belongs to “{command}”, which would lose it.</source>
        <translation>{keys} 是“{command}”的快捷键，改用后它将失去该键。</translation>
    </message>
    <message>
        <source>{place}, {keys} keeps its function: {what}.</source>
        <translation>{place}，{keys} 仍然是：{what}。</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Yours; by default: {keys}</source>
        <translation>自定义；默认：{keys}</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Press new keys for “{command}” in the field.</source>
        <translation>请在输入框中按下“{command}”的新按键。</translation>
    </message>
    <message>
        <source>{keys} is free.</source>
        <translation>{keys} 可用。</translation>
    </message>
</context>
<context>
    <name>SigmasEdit</name>
    <message>
        <source>The schedule is used.</source>
        <translation>使用调度器。</translation>
    </message>
</context>
<context>
    <name>SizeFixer</name>
    <message>
        <source>Paint a mask to inpaint only that area at the model&apos;s size, or process the whole image:</source>
        <translation>可涂抹蒙版，仅按模型的尺寸重绘该区域，或处理整张图像：</translation>
    </message>
    <message>
        <source>Change the size under Advanced mask options.</source>
        <translation>请在“高级蒙版选项”中更改尺寸。</translation>
    </message>
    <message>
        <source>The image has {width} × {height} pixels; {model} supports at most {most} per side.</source>
        <translation>图像为 {width} × {height} 像素；{model} 每边最多支持 {most}。</translation>
    </message>
    <message>
        <source>The masked part can be inpainted at the model&apos;s size, in an image of any size.</source>
        <translation>可以只把蒙版部分按模型的尺寸绘制，图像尺寸不限。</translation>
    </message>
    <message>
        <source>Inpaint Only Masked</source>
        <translation>仅重绘蒙版区域</translation>
    </message>
    <message>
        <source>Pad It</source>
        <translation>补齐</translation>
    </message>
    <message>
        <source>Scale It Down</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Overlapping tiles work at any size; scaling down loses detail.</source>
        <translation>重叠分块适用于任何尺寸；缩小会损失细节。</translation>
    </message>
    <message>
        <source>Process in Tiles</source>
        <translation>分块处理</translation>
    </message>
    <message>
        <source>Beyond that, this model repeats objects. Generate at its own size, then enlarge the image.</source>
        <translation>超过这个尺寸，该模型会重复画面内容。请先按它自己的尺寸生成，然后放大图像。</translation>
    </message>
    <message>
        <source>Use {width} × {height}</source>
        <translation>使用 {width} × {height}</translation>
    </message>
</context>
<context>
    <name>SizeRow</name>
    <message>
        <source>Square</source>
        <translation>方形</translation>
    </message>
    <message>
        <source>Portrait</source>
        <translation>竖幅</translation>
    </message>
    <message>
        <source>Landscape</source>
        <translation>横幅</translation>
    </message>
    <message>
        <source>Large</source>
        <translation>大</translation>
    </message>
    <message>
        <source>Wide</source>
        <translation>宽幅</translation>
    </message>
    <message>
        <source>Swap width and height</source>
        <translation>交换宽度和高度</translation>
    </message>
    <message>
        <source>Swap width and height.</source>
        <translation>交换宽度和高度。</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>自定义</translation>
    </message>
</context>
<context>
    <name>StarRating</name>
    <message>
        <source>Rate with a click, or with the keys 0 to 5 in the grid.</source>
        <translation>点击评分，或在网格中按 0 到 5 键。</translation>
    </message>
    <message>
        <source>Rating: {stars} of {most} stars</source>
        <translation>评分：{stars} / {most} 星</translation>
    </message>
</context>
<context>
    <name>StartRow</name>
    <message>
        <source>Open an initial image</source>
        <translation>打开起始图</translation>
    </message>
    <message>
        <source>Open an image to start from.</source>
        <translation>请打开一张图像作为起始图。</translation>
    </message>
    <message>
        <source>No initial image</source>
        <translation>没有起始图</translation>
    </message>
    <message>
        <source>Start from the prompt alone.</source>
        <translation>只用提示词生成。</translation>
    </message>
    <message>
        <source>Open an image, or paint on the canvas.</source>
        <translation>请打开图像，或在画布上绘画。</translation>
    </message>
    <message>
        <source>Initial image</source>
        <translation>起始图</translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Paused at step {step}/{steps}</source>
        <translation>暂停于第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>Starts when the model is loaded</source>
        <translation>模型加载后开始</translation>
    </message>
    <message>
        <source>Loading model…</source>
        <translation>正在加载模型…</translation>
    </message>
    <message>
        <source>Live: every change generates at once, and nothing is saved</source>
        <translation>实时：每次更改立即绘制，不保存</translation>
    </message>
    <message>
        <source>Image {image} of {count}, step {step}/{steps}</source>
        <translation>第 {image}/{count} 张，第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>Step {step}/{steps}</source>
        <translation>第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>{number} GB</source>
        <translation>{number} GB</translation>
    </message>
    <message>
        <source>{number} MB</source>
        <translation>{number} MB</translation>
    </message>
    <message>
        <source>{number} it/s</source>
        <translation>{number} it/s</translation>
    </message>
    <message>
        <source>{number} s/it</source>
        <translation>{number} s/it</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Steps per second, and the time left.</source>
        <translation>每秒步数和剩余时间。</translation>
    </message>
    <message>
        <source>Memory used by LDM Studio.</source>
        <translation>LDM Studio 使用的内存。</translation>
    </message>
    <message>
        <source>The model and its device.</source>
        <translation>模型及其运行设备。</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>无模型</translation>
    </message>
</context>
<context>
    <name>SteeringController</name>
    <message>
        <source>Applied after step {step}: {change}</source>
        <translation>在第 {step} 步之后应用：{change}</translation>
    </message>
</context>
<context>
    <name>StepScrubber</name>
    <message>
        <source>The branch begins here.</source>
        <translation>分支从这里开始。</translation>
    </message>
    <message>
        <source>Changed after step {step}: {change}</source>
        <translation>第 {step} 步之后更改：{change}</translation>
    </message>
    <message>
        <source>Branched off {name} after step {step}.</source>
        <translation>在第 {step} 步之后从 {name} 分支。</translation>
    </message>
</context>
<context>
    <name>StepTimeline</name>
    <message>
        <source>Branch</source>
        <translation>分支</translation>
    </message>
    <message>
        <source>The steps of an image appear here.</source>
        <translation>图像的步骤会显示在这里。</translation>
    </message>
    <message>
        <source>The previews of its steps were not saved, or were deleted to free space. You can still branch from them.</source>
        <translation>各步的预览没有保存，或已为腾出空间而删除；仍可从这些步骤分支。</translation>
    </message>
    <message>
        <source>Branch from the selected step, with another prompt, sampler or mask (Ctrl+B).</source>
        <translation>从所选步骤分支：换提示词、采样器或蒙版 (Ctrl+B)。</translation>
    </message>
    <message>
        <source>Branch from here</source>
        <translation>从这里分支</translation>
    </message>
    <message>
        <source>Branch from step {step}</source>
        <translation>从第 {step} 步分支</translation>
    </message>
    <message>
        <source>Step {step} of {count}</source>
        <translation>第 {step}/{count} 步</translation>
    </message>
    <message numerus="yes">
        <source>%n steps</source>
        <translation>
            <numerusform>%n 步</numerusform>
        </translation>
    </message>
    <message>
        <source>{steps} (not saved)</source>
        <translation>{steps}（未保留）</translation>
    </message>
</context>
<context>
    <name>Studio</name>
    <message>
        <source>the image on the canvas and its mask</source>
        <translation>画布上的图像及其蒙版</translation>
    </message>
    <message>
        <source>the image on the canvas</source>
        <translation>画布上的图像</translation>
    </message>
    <message>
        <source>A branch keeps its {settings}.</source>
        <translation>分支会保留其{settings}。</translation>
    </message>
    <message>
        <source>Added to the queue, which is paused.</source>
        <translation>已加入队列，队列目前暂停。</translation>
    </message>
    <message>
        <source>Try Again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Saved now: {}</source>
        <translation>现已保存：{}</translation>
    </message>
    <message>
        <source>Copy Report</source>
        <translation>复制报告</translation>
    </message>
</context>
<context>
    <name>StyleButton</name>
    <message>
        <source>Styles</source>
        <translation>风格</translation>
    </message>
    <message>
        <source>Apply a style to the prompt, or save the prompt as a style.</source>
        <translation>给提示词应用风格，或把提示词存为风格。</translation>
    </message>
    <message>
        <source>&amp;Save Prompt as Style…</source>
        <translation>把提示词存为风格(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Manage Styles…</source>
        <translation>管理风格(&amp;M)…</translation>
    </message>
</context>
<context>
    <name>StyleDialogs</name>
    <message>
        <source>The text that the style adds to the prompt.</source>
        <translation>该风格写入提示词的内容。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
</context>
<context>
    <name>Styles</name>
    <message>
        <source>Negative prompt: {negative}</source>
        <translation>反向提示词：{negative}</translation>
    </message>
</context>
<context>
    <name>StylesDialog</name>
    <message>
        <source>Tables of styles (*.csv);;All files (*)</source>
        <translation>风格表 (*.csv);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Styles</source>
        <translation>风格</translation>
    </message>
    <message>
        <source>Up and Down show another style.</source>
        <translation>上下方向键显示其他风格。</translation>
    </message>
    <message>
        <source>Name of the style</source>
        <translation>风格名称</translation>
    </message>
    <message>
        <source>Type another name and press Enter to rename the style.</source>
        <translation>输入新名称并按 Enter 以重命名风格。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>反向提示词</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Add the styles of a styles.csv, the format of AUTOMATIC1111 and related programs.</source>
        <translation>添加 styles.csv 中的风格，即 AUTOMATIC1111 及同类程序保存的文件。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message numerus="yes">
        <source>%n styles were added.</source>
        <translation>
            <numerusform>已添加 %n 个风格。</numerusform>
        </translation>
    </message>
    <message>
        <source>“{name}” was deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
    <message>
        <source>Import Styles</source>
        <translation>导入风格</translation>
    </message>
</context>
<context>
    <name>TagEditor</name>
    <message>
        <source>Add tags…</source>
        <translation>添加标签…</translation>
    </message>
    <message>
        <source>Add tags, separated by commas</source>
        <translation>添加标签，用逗号分隔</translation>
    </message>
    <message>
        <source>Tags are separated by commas.</source>
        <translation>标签用逗号分隔。</translation>
    </message>
</context>
<context>
    <name>ThumbnailGrid</name>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Arrow keys select an image, Return reuses its settings.</source>
        <translation>方向键选择图像，Return 复用其设置。</translation>
    </message>
</context>
<context>
    <name>Ticks</name>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>One tick per step; full ticks are done.</source>
        <translation>每步一个刻度；实心的已完成。</translation>
    </message>
    <message>
        <source>Point at a step to see it; click to select it (move with Left and Right).</source>
        <translation>指向某一步可查看；单击可停留（左右方向键移动）。</translation>
    </message>
</context>
<context>
    <name>TintMenu</name>
    <message>
        <source>Tint {color}</source>
        <translation>着色 {color}</translation>
    </message>
    <message>
        <source>Opacity of the tint</source>
        <translation>着色不透明度</translation>
    </message>
    <message>
        <source>Opacity of the tint over the image</source>
        <translation>着色遮盖图像的程度</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
</context>
<context>
    <name>TokenCountLabel</name>
    <message>
        <source>The model reads {limit} tokens (words, or parts of words) of a prompt; this one has {count}.</source>
        <translation>模型只读取提示词的 {limit} 个词元（单词或其一部分）；此提示词有 {count} 个。</translation>
    </message>
    <message>
        <source>cut off</source>
        <translation>超出部分不读取</translation>
    </message>
    <message>
        <source>The text that is struck out is not used.</source>
        <translation>划去的部分不会读取。</translation>
    </message>
    <message>
        <source>Unknown words: {words}.</source>
        <translation>它不认识：{words}。</translation>
    </message>
    <message>
        <source>unknown: {words}</source>
        <translation>不认识：{words}</translation>
    </message>
</context>
<context>
    <name>VaeBox</name>
    <message>
        <source>none: choose one</source>
        <translation>尚无：请选择</translation>
    </message>
    <message>
        <source>beside the model: {name}</source>
        <translation>模型旁边的：{name}</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>自动</translation>
    </message>
</context>
<context>
    <name>ViewSwitch</name>
    <message>
        <source>Mask view</source>
        <translation>蒙版视图</translation>
    </message>
    <message>
        <source>{columns} × {rows} cells of {factor} pixels: {across} × {down} image pixels, processed at {width} × {height}.</source>
        <translation>{columns} × {rows} 格，每格 {factor} 像素：图像的 {across} × {down} 像素，以 {width} × {height} 绘制。</translation>
    </message>
</context>
<context>
    <name>messages</name>
    <message>
        <source>&lt;{kind}:&gt; is not supported here and is ignored.</source>
        <translation>此处不支持 &lt;{kind}:&gt;，因此不起作用，也不会读取。</translation>
    </message>
    <message>
        <source>A LoRA has at most two strengths; the rest is ignored.</source>
        <translation>LoRA 最多有两个强度；已略过。</translation>
    </message>
    <message>
        <source>A border is 0 pixels or more, not {border}.</source>
        <translation>边框应为 0 像素或以上，而不是 {border}。</translation>
    </message>
    <message>
        <source>A brace { or } has no partner.</source>
        <translation>花括号 { 或 } 没有配对。</translation>
    </message>
    <message>
        <source>A branch can change prompt, CFG, sampler, schedule, steps and mask.</source>
        <translation>分支可以更改提示词、CFG、采样器、调度器、步数和蒙版。</translation>
    </message>
    <message>
        <source>A branch can change prompt, CFG, sampler, schedule, steps and mask: edit any, then generate.</source>
        <translation>分支可以更改提示词、CFG、采样器、调度器、步数和蒙版：修改任意一项，然后生成。</translation>
    </message>
    <message>
        <source>A change has the hash of a model that it does not name.</source>
        <translation>改动中有模型的哈希值，但没有指明模型。</translation>
    </message>
    <message>
        <source>A change is at step {step}, outside {low} to {high}.</source>
        <translation>更改位于第 {step} 步，超出 {low} 到 {high}。</translation>
    </message>
    <message>
        <source>A closing quotation mark is missing.</source>
        <translation>末尾缺少引号。</translation>
    </message>
    <message>
        <source>A collection needs a name.</source>
        <translation>合集需要名称。</translation>
    </message>
    <message>
        <source>A discrete schedule needs at least two sigmas, strictly increasing.</source>
        <translation>离散噪声表至少需要两个严格递增的 sigma。</translation>
    </message>
    <message>
        <source>A job of the queue cannot be read ({error}); it was moved to {path}.</source>
        <translation>无法读取队列中的一个任务（{error}）；它现在位于 {path}。</translation>
    </message>
    <message>
        <source>A latent has the shape {shape}, not [B, C, h, w].</source>
        <translation>潜变量的形状为 {shape}，而不是 [B, C, h, w]。</translation>
    </message>
    <message>
        <source>A latent holds values that are not finite.</source>
        <translation>潜变量含有非有限值。</translation>
    </message>
    <message>
        <source>A latent is {dtype}, not torch.float32.</source>
        <translation>潜变量的类型为 {dtype}，而不是 torch.float32。</translation>
    </message>
    <message>
        <source>A list of numbers is expected, not {value}.</source>
        <translation>应为数字列表，而不是 {value}。</translation>
    </message>
    <message>
        <source>A lone backslash is left out. Write \\ for a literal one.</source>
        <translation>单独的反斜杠会被略去。要写反斜杠本身，请写 \\。</translation>
    </message>
    <message>
        <source>A mask needs an image to inpaint.</source>
        <translation>使用蒙版需要一张要重绘的图像。</translation>
    </message>
    <message>
        <source>A name cannot contain any of &lt; &gt; : &quot; | ? * \.</source>
        <translation>名称不能含有 &lt; &gt; : &quot; | ? * \ 中的任何字符。</translation>
    </message>
    <message>
        <source>A name cannot contain invisible characters.</source>
        <translation>名称不能含有不可见字符。</translation>
    </message>
    <message>
        <source>A name cannot contain {characters}.</source>
        <translation>名称不能含有 {characters}。</translation>
    </message>
    <message>
        <source>A name cannot end with a dot.</source>
        <translation>名称不能以点结尾。</translation>
    </message>
    <message>
        <source>A name that begins with a dot would hide the image.</source>
        <translation>以点开头的名称会使图像被隐藏。</translation>
    </message>
    <message>
        <source>A pooled condition is needed exactly when the network takes one.</source>
        <translation>当且仅当网络需要时，才应提供池化条件。</translation>
    </message>
    <message>
        <source>A run makes a single image.</source>
        <translation>一个任务只生成一张图像。</translation>
    </message>
    <message>
        <source>A run with a sampler of your own cannot be saved.</source>
        <translation>使用自定义采样器的运行无法保存。</translation>
    </message>
    <message>
        <source>A schedule needs at least one step, not {steps}.</source>
        <translation>至少需要一步，而不是 {steps}。</translation>
    </message>
    <message>
        <source>A style needs a name.</source>
        <translation>风格需要名称。</translation>
    </message>
    <message>
        <source>Add one with --init.</source>
        <translation>请用 init 提供。</translation>
    </message>
    <message>
        <source>Add one.</source>
        <translation>请提供一个。</translation>
    </message>
    <message>
        <source>Alternating texts do not switch at a step, so this is read as text.</source>
        <translation>交替文本没有切换步，因此按普通文本处理。</translation>
    </message>
    <message>
        <source>An image needs a name.</source>
        <translation>图像需要名称。</translation>
    </message>
    <message>
        <source>Another file in {folder} is named {name}.</source>
        <translation>{folder} 中的另一个文件已使用名称 {name}。</translation>
    </message>
    <message>
        <source>Another image of the history in {folder} is named {name}.</source>
        <translation>历史记录中 {folder} 内的另一张图像已使用名称 {name}。</translation>
    </message>
    <message>
        <source>Braces contain a name and nothing else, not “{name}”.</source>
        <translation>花括号之间只能是名称，而不是“{name}”。</translation>
    </message>
    <message>
        <source>Change their files.</source>
        <translation>请更改它们的文件。</translation>
    </message>
    <message>
        <source>Check that its folder is writable.</source>
        <translation>此文件夹是否可写？</translation>
    </message>
    <message>
        <source>Check that the disk is connected and works.</source>
        <translation>磁盘是否存在且正常？</translation>
    </message>
    <message>
        <source>Check the path.</source>
        <translation>请检查路径。</translation>
    </message>
    <message>
        <source>Choose a Stable Diffusion model, or remove the LoRA.</source>
        <translation>请选择 Stable Diffusion 模型，或去掉它。</translation>
    </message>
    <message>
        <source>Choose a TAESD decoder for this family of models.</source>
        <translation>请选择适用于此系列模型的 TAESD 解码器。</translation>
    </message>
    <message>
        <source>Choose a VAE for it (--vae), or put one beside it, as {file}.</source>
        <translation>请为它选择一个 VAE（--vae），或把一个 VAE 放在它旁边，命名为 {file}。</translation>
    </message>
    <message>
        <source>Choose a checkpoint file, or the folder of the whole model.</source>
        <translation>请选择检查点文件，或包含整个模型的文件夹。</translation>
    </message>
    <message>
        <source>Choose a larger end.</source>
        <translation>请选择更大的终点。</translation>
    </message>
    <message>
        <source>Choose a lower CFG, or another sampler or schedule.</source>
        <translation>请降低 CFG，或换一个采样器或调度器。</translation>
    </message>
    <message>
        <source>Choose a model of the same family, or its refiner.</source>
        <translation>请选择同系列的模型，或其精修模型。</translation>
    </message>
    <message>
        <source>Choose a smaller size, or close other programs, and generate again.</source>
        <translation>请减小尺寸或关闭其他程序，然后重新生成。</translation>
    </message>
    <message>
        <source>Choose a value in this range.</source>
        <translation>请选择此范围内的值。</translation>
    </message>
    <message>
        <source>Choose another LoRA, or a model of its family.</source>
        <translation>请换一个 LoRA，或选择它适用的模型。</translation>
    </message>
    <message>
        <source>Choose another LoRA.</source>
        <translation>请选择其他 LoRA。</translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation>请换一个文件。</translation>
    </message>
    <message>
        <source>Choose another folder or disk.</source>
        <translation>请换一个文件夹或磁盘。</translation>
    </message>
    <message>
        <source>Choose another folder.</source>
        <translation>请换一个文件夹。</translation>
    </message>
    <message>
        <source>Choose another model.</source>
        <translation>请换一个模型。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>请换一个名称。</translation>
    </message>
    <message>
        <source>Choose another place.</source>
        <translation>请换一个位置。</translation>
    </message>
    <message>
        <source>Choose another, or add its folder.</source>
        <translation>请换一个，或添加它所在的文件夹。</translation>
    </message>
    <message>
        <source>Choose fewer images.</source>
        <translation>请减少图像。</translation>
    </message>
    <message>
        <source>Choose fewer or smaller images, or other columns.</source>
        <translation>请减少或缩小图像，或改变列数。</translation>
    </message>
    <message>
        <source>Choose fewer or smaller images.</source>
        <translation>请减少或缩小图像。</translation>
    </message>
    <message>
        <source>Choose one up to {most}.</source>
        <translation>请选择不超过 {most} 的值。</translation>
    </message>
    <message>
        <source>Choose one: {names}.</source>
        <translation>请指明是哪一个：{names}。</translation>
    </message>
    <message>
        <source>Choose that model first.</source>
        <translation>请先选择该模型。</translation>
    </message>
    <message>
        <source>Choose that model, or clear the hash to continue with this one.</source>
        <translation>请使用该模型，或清除哈希值以继续使用当前模型。</translation>
    </message>
    <message>
        <source>Choose that model, or clear the hash to generate with this one.</source>
        <translation>请加载该模型，或清除哈希值以使用当前模型。</translation>
    </message>
    <message>
        <source>Choose values between these.</source>
        <translation>请选择这些之间的值。</translation>
    </message>
    <message>
        <source>Clear it.</source>
        <translation>请清空它。</translation>
    </message>
    <message>
        <source>Download it again, or ask its author for a .safetensors file.</source>
        <translation>请重新下载，或向作者索取 .safetensors 文件。</translation>
    </message>
    <message>
        <source>Download the model again, with its weights.</source>
        <translation>请重新下载模型及其权重。</translation>
    </message>
    <message>
        <source>Download the whole model, with its image encoder.</source>
        <translation>请下载完整的模型，包括它的图像编码器。</translation>
    </message>
    <message>
        <source>Flow times need 0 &lt; {low} &lt; {high} &lt; 1.</source>
        <translation>流时间需满足 0 &lt; {low} &lt; {high} &lt; 1。</translation>
    </message>
    <message>
        <source>Free some space, or make its folder writable.</source>
        <translation>请腾出空间，或允许写入此文件夹。</translation>
    </message>
    <message>
        <source>Free some space.</source>
        <translation>请腾出一些空间。</translation>
    </message>
    <message>
        <source>If you have it elsewhere, name it with --model.</source>
        <translation>如果它在别处，请用 --model 指定。</translation>
    </message>
    <message>
        <source>Images are still generated. Unfinished ones are written as soon as possible; until then they would be lost if the program ended.</source>
        <translation>图像会继续生成。未完成的会尽快写入；在此之前如果程序退出将会丢失。</translation>
    </message>
    <message>
        <source>Images of floating-point numbers are not supported.</source>
        <translation>不能使用浮点数图像。</translation>
    </message>
    <message>
        <source>Index its folder if it belongs in the history too.</source>
        <translation>如果它也属于历史记录，请索引它的文件夹。</translation>
    </message>
    <message>
        <source>Install or export the model again.</source>
        <translation>请重新安装或导出模型。</translation>
    </message>
    <message>
        <source>It cannot be read: {error}.</source>
        <translation>无法读取：{error}。</translation>
    </message>
    <message>
        <source>It has no options.</source>
        <translation>它没有选项。</translation>
    </message>
    <message>
        <source>It has {names}.</source>
        <translation>它的选项有 {names}。</translation>
    </message>
    <message>
        <source>It is empty.</source>
        <translation>它是空的。</translation>
    </message>
    <message>
        <source>It is kept: with more memory free, run ldm-studio resume &apos;{path}&apos;.</source>
        <translation>它已保留：内存充足时，请运行 ldm-studio resume &apos;{path}&apos;。</translation>
    </message>
    <message>
        <source>It is larger than {most} MiB.</source>
        <translation>它超过 {most} MiB。</translation>
    </message>
    <message>
        <source>It is not changed, and nothing will be written there.</source>
        <translation>它保持原样，不会写入任何内容。</translation>
    </message>
    <message>
        <source>It is rebuilt from the image files when LDM Studio starts again.</source>
        <translation>LDM Studio 重新启动时会由图像文件重建。</translation>
    </message>
    <message>
        <source>It may be damaged, or from a newer LDM Studio.</source>
        <translation>它可能已损坏，或来自更新的 LDM Studio。</translation>
    </message>
    <message>
        <source>It may come from a newer LDM Studio.</source>
        <translation>它可能来自更新的 LDM Studio。</translation>
    </message>
    <message>
        <source>It stays where it is. Some disks have no trash.</source>
        <translation>它留在原处。有些磁盘没有回收站。</translation>
    </message>
    <message>
        <source>It would be {path}.</source>
        <translation>它应为 {path}。</translation>
    </message>
    <message>
        <source>Its first line must name the columns: name, prompt, negative_prompt.</source>
        <translation>第一行必须是列名：name, prompt, negative_prompt。</translation>
    </message>
    <message>
        <source>Its name is not valid Unicode.</source>
        <translation>其名称不是有效的 Unicode。</translation>
    </message>
    <message>
        <source>JPEG has no transparency.</source>
        <translation>JPEG 不支持透明。</translation>
    </message>
    <message>
        <source>Known: {names}.</source>
        <translation>可用：{names}。</translation>
    </message>
    <message>
        <source>LDM Studio cannot write into {folder}: it is, or is in, a file.</source>
        <translation>无法写入 {folder}：它是文件，或位于文件之下。</translation>
    </message>
    <message>
        <source>LDM Studio cannot write into {folder}: {error}.</source>
        <translation>LDM Studio 无法写入 {folder}：{error}。</translation>
    </message>
    <message>
        <source>LoRAs belong in the prompt; in a negative prompt they have no effect.</source>
        <translation>LoRA 应写在提示词中；写在反向提示词中无效。</translation>
    </message>
    <message>
        <source>Locate it first.</source>
        <translation>请先定位它。</translation>
    </message>
    <message>
        <source>Make its folder readable and writable.</source>
        <translation>请允许读写此文件夹。</translation>
    </message>
    <message>
        <source>Make its folder writable.</source>
        <translation>请允许写入此文件夹。</translation>
    </message>
    <message>
        <source>Move that file away first. The deleted one stays in the trash.</source>
        <translation>请先移开那个文件。被删除的仍在回收站中。</translation>
    </message>
    <message>
        <source>Name a sampler.</source>
        <translation>请指定采样器的名称。</translation>
    </message>
    <message>
        <source>Not a request: a JSON object is expected.</source>
        <translation>不是请求：应为 JSON 对象。</translation>
    </message>
    <message>
        <source>Not a request: {error}.</source>
        <translation>不是请求：{error}。</translation>
    </message>
    <message>
        <source>Nothing has changed yet.</source>
        <translation>尚未更改任何设置。</translation>
    </message>
    <message>
        <source>Numbers that condition a model must be finite.</source>
        <translation>作为模型条件的数值必须是有限的。</translation>
    </message>
    <message>
        <source>Only [from:to:when] and [to:when] are supported, so this is read as text in brackets. Write \: for a literal colon.</source>
        <translation>只支持 [from:to:when] 和 [to:when]，因此按减弱的文本处理。冒号本身请写成 \:。</translation>
    </message>
    <message>
        <source>Only a running image can be changed.</source>
        <translation>只能更改正在生成的图像。</translation>
    </message>
    <message>
        <source>Only the first {most} characters are searched for.</source>
        <translation>只搜索前 {most} 个字符。</translation>
    </message>
    <message>
        <source>Open or drop one under Start from, or choose Image.</source>
        <translation>请在“起始”下打开或拖入一张，或选择“图像”。</translation>
    </message>
    <message>
        <source>Open or drop one under Start from, or use the canvas image.</source>
        <translation>请在“起始”下打开或拖入一张，或使用画布上的图像。</translation>
    </message>
    <message>
        <source>Open, paste or drop one, or choose Text to start from the prompt alone.</source>
        <translation>请打开、粘贴或拖入一张，或选择“文本”只用提示词生成。</translation>
    </message>
    <message>
        <source>Paint over the area to change.</source>
        <translation>请涂抹要更改的区域。</translation>
    </message>
    <message>
        <source>Please report it.</source>
        <translation>请报告此问题。</translation>
    </message>
    <message>
        <source>Put its text encoder, such as clip_l.safetensors, into a model folder.</source>
        <translation>请把它的文本编码器（例如 clip_l.safetensors）放入某个模型文件夹。</translation>
    </message>
    <message>
        <source>Put the original file into one of your folders.</source>
        <translation>请把生成时所用的文件放进您的某个文件夹。</translation>
    </message>
    <message>
        <source>Remove it, or choose a depth, InstructPix2Pix, upscaler or unCLIP model.</source>
        <translation>请移除控制图，或选择深度、InstructPix2Pix、放大或 unCLIP 模型。</translation>
    </message>
    <message>
        <source>Remove the tag and apply the file with core.checkpoints.lora.with_loras.</source>
        <translation>请删除该标签，并用 core.checkpoints.lora.with_loras 应用此文件。</translation>
    </message>
    <message>
        <source>Remove this condition, or choose another model.</source>
        <translation>请移除此条件，或选择其他模型。</translation>
    </message>
    <message>
        <source>Resize it to the requested size.</source>
        <translation>请调整到要求的尺寸。</translation>
    </message>
    <message>
        <source>Restore its folder, or start LDM Studio again; no image is lost.</source>
        <translation>请恢复其文件夹，或重新启动 LDM Studio；图像不会丢失。</translation>
    </message>
    <message>
        <source>Save as PNG or WebP.</source>
        <translation>请保存为 PNG 或 WebP。</translation>
    </message>
    <message>
        <source>Save it as PNG.</source>
        <translation>请保存为 PNG。</translation>
    </message>
    <message>
        <source>Scale it down first.</source>
        <translation>请先缩小它。</translation>
    </message>
    <message>
        <source>Schedules with rho: {names}.</source>
        <translation>有 rho 的调度：{names}。</translation>
    </message>
    <message>
        <source>Searched in {folders}{more}. Add its folder, or remove it.</source>
        <translation>已在 {folders}{more} 中查找。请添加它所在的文件夹，或去掉它。</translation>
    </message>
    <message>
        <source>Set steps to {count}.</source>
        <translation>请把步数设为 {count}。</translation>
    </message>
    <message>
        <source>Several models are named {name}.</source>
        <translation>有多个模型名称与 {name} 相似。</translation>
    </message>
    <message>
        <source>Sigmas need 0 &lt; {low} &lt; {high} &lt; infinity.</source>
        <translation>Sigma 须满足 0 &lt; {low} &lt; {high} &lt; 无穷大。</translation>
    </message>
    <message>
        <source>Something went wrong inside LDM Studio: {error}</source>
        <translation>LDM Studio 内部出错：{error}</translation>
    </message>
    <message>
        <source>Step {step} is before the last change.</source>
        <translation>第 {step} 步在最后一次改动之前。</translation>
    </message>
    <message>
        <source>Step {step} is not among the saved ones, {first} to {last}.</source>
        <translation>第 {step} 步不在保留的第 {first} 至 {last} 步之内。</translation>
    </message>
    <message>
        <source>Strengths are at most {most}; {strength} is used here.</source>
        <translation>强度最大为 {most}；此处按 {strength} 处理。</translation>
    </message>
    <message>
        <source>Supported image formats: {formats}.</source>
        <translation>支持的图像格式：{formats}。</translation>
    </message>
    <message>
        <source>Tensors of the LoRA {lora} that match nothing in this model: {count} ({names}). The rest is applied.</source>
        <translation>LoRA {lora} 中与此模型不匹配的张量：{count} 个（{names}）。其余部分有效。</translation>
    </message>
    <message>
        <source>The GPU has no room for {model} and {other} at once: their networks take turns there.</source>
        <translation>GPU 上放不下 {model} 和 {other} 两者：它们的网络轮流使用 GPU。</translation>
    </message>
    <message>
        <source>The LoRA {lora} has no effect in the negative prompt.</source>
        <translation>LoRA {lora} 在反向提示词中无效。</translation>
    </message>
    <message>
        <source>The beta distribution has no quantile {share} for shapes {a}, {b}.</source>
        <translation>形状为 {a}、{b} 的 beta 分布没有分位数 {share}。</translation>
    </message>
    <message>
        <source>The box {box} is empty or outside the image.</source>
        <translation>框 {box} 为空或超出图像。</translation>
    </message>
    <message>
        <source>The built-in ones are shown.</source>
        <translation>现在使用内置的风格。</translation>
    </message>
    <message>
        <source>The built-in styles are shown instead; nothing will be written there.</source>
        <translation>改为显示内置风格；不会写入该文件。</translation>
    </message>
    <message>
        <source>The change at step {step} changes nothing.</source>
        <translation>第 {step} 步的改动没有改变任何内容。</translation>
    </message>
    <message>
        <source>The change at step {step} comes after the last of {steps} steps.</source>
        <translation>第 {step} 步的改动超出了总共 {steps} 步。</translation>
    </message>
    <message>
        <source>The change was made for a model with the hash {expected}; {model} has {actual}.</source>
        <translation>请求要用哈希值为 {expected} 的模型继续；{model} 的哈希值为 {actual}。</translation>
    </message>
    <message>
        <source>The class {index} is below 0.</source>
        <translation>类别 {index} 小于 0。</translation>
    </message>
    <message>
        <source>The contact sheet could not be compressed.</source>
        <translation>无法压缩总览图。</translation>
    </message>
    <message>
        <source>The contact sheet would be too large: {width} × {height} pixels.</source>
        <translation>总览图会过大：{width} × {height} 像素。</translation>
    </message>
    <message>
        <source>The damaged file is kept as {path}.</source>
        <translation>损坏的文件已保留为 {path}。</translation>
    </message>
    <message>
        <source>The decoded image has values that are not finite.</source>
        <translation>自编码器处理这张图像时产生了非有限值。</translation>
    </message>
    <message>
        <source>The defaults are used. The file is kept as {path}.</source>
        <translation>使用默认设置。原文件已保留为 {path}。</translation>
    </message>
    <message>
        <source>The defaults are used. {rest}</source>
        <translation>现使用默认设置。{rest}</translation>
    </message>
    <message>
        <source>The defaults are used; nothing will be written there.</source>
        <translation>使用默认值；不会写入该文件。</translation>
    </message>
    <message>
        <source>The file has no PNG header.</source>
        <translation>文件没有 PNG 文件头。</translation>
    </message>
    <message>
        <source>The file is cut short.</source>
        <translation>文件不完整。</translation>
    </message>
    <message>
        <source>The file is damaged ({error}).</source>
        <translation>文件已损坏（{error}）。</translation>
    </message>
    <message>
        <source>The file is damaged: a checksum in it is wrong.</source>
        <translation>文件已损坏：校验和错误。</translation>
    </message>
    <message>
        <source>The file is not a PNG, JPEG or WebP image.</source>
        <translation>文件不是 PNG、JPEG 或 WebP 图像。</translation>
    </message>
    <message>
        <source>The file of your styles, {file}, is damaged.</source>
        <translation>风格文件 {file} 已损坏。</translation>
    </message>
    <message>
        <source>The history is closed.</source>
        <translation>历史记录已关闭。</translation>
    </message>
    <message>
        <source>The history is not open.</source>
        <translation>历史记录未打开。</translation>
    </message>
    <message>
        <source>The history was damaged. It was moved to {path} and is rebuilt from the image files; tags, ratings, favourites, collections and saved searches are kept.</source>
        <translation>历史记录已损坏。它已另存为 {path}，并由图像文件重建；标签、评分、收藏、合集和保存的搜索都会保留。</translation>
    </message>
    <message>
        <source>The history {path} cannot be used: another program has locked it.</source>
        <translation>无法使用历史记录 {path}：它被其他程序锁定。</translation>
    </message>
    <message>
        <source>The history {path} cannot be used: it cannot be opened.</source>
        <translation>无法使用历史记录 {path}：无法打开。</translation>
    </message>
    <message>
        <source>The history {path} cannot be used: it is read-only.</source>
        <translation>无法使用历史记录 {path}：没有写入权限。</translation>
    </message>
    <message>
        <source>The history {path} cannot be used: the disk is full.</source>
        <translation>无法使用历史记录 {path}：磁盘已满。</translation>
    </message>
    <message>
        <source>The history {path} cannot be used: {error}.</source>
        <translation>无法使用历史记录 {path}：{error}。</translation>
    </message>
    <message>
        <source>The history {path} cannot be written: {error}.</source>
        <translation>无法写入历史记录 {path}：{error}。</translation>
    </message>
    <message>
        <source>The history {path} is damaged.</source>
        <translation>历史记录 {path} 已损坏。</translation>
    </message>
    <message>
        <source>The history {path} was deleted and cannot be written again: {error}.</source>
        <translation>历史记录 {path} 已丢失且无法重新写入：{error}。</translation>
    </message>
    <message>
        <source>The history {path} was deleted or replaced by another program. It was written again; nothing is lost.</source>
        <translation>历史记录 {path} 被其他程序删除或替换。已重新写入，没有丢失。</translation>
    </message>
    <message>
        <source>The history {path} was written by a newer LDM Studio: it has version {version}; this program supports {supported}.</source>
        <translation>历史记录 {path} 由更新的 LDM Studio 写入：其版本为 {version}，本程序支持 {supported}。</translation>
    </message>
    <message>
        <source>The image could not be saved in {folder}: {error}.</source>
        <translation>无法把图像保存到 {folder}：{error}。</translation>
    </message>
    <message>
        <source>The image did not fit into memory as a whole: it was decoded in small tiles, whose colours may differ a little.</source>
        <translation>内存放不下整张图像：已分小块解码，各块的颜色可能略有差异。</translation>
    </message>
    <message>
        <source>The image has impossible sizes.</source>
        <translation>该图像的尺寸不可能存在。</translation>
    </message>
    <message>
        <source>The image has too many pixels.</source>
        <translation>图像像素过多。</translation>
    </message>
    <message>
        <source>The image has values that are not finite after step {step}.</source>
        <translation>第 {step} 步之后，这张图像的数值不再有限。</translation>
    </message>
    <message>
        <source>The image is finished but could not be decoded. {error}</source>
        <translation>图像已画完，但无法解码。{error}</translation>
    </message>
    <message>
        <source>The image is kept, and saved as soon as possible; until then the queue waits. Free some space, or use File &gt; Save Image As.</source>
        <translation>它会被保留，并在可以时立即保存；在此之前队列会等待。请腾出空间，或使用“文件 &gt; 图像另存为”。</translation>
    </message>
    <message>
        <source>The mask is empty.</source>
        <translation>蒙版是空的。</translation>
    </message>
    <message>
        <source>The model {model} is not available for the change.</source>
        <translation>没有可用于继续的模型 {model}。</translation>
    </message>
    <message>
        <source>The name is too long: {length} of {most} bytes.</source>
        <translation>名称过长：{length} 字节，上限 {most} 字节。</translation>
    </message>
    <message>
        <source>The name needs {field}, so that no two images get the same name.</source>
        <translation>名称中需要 {field}，以免图像重名。</translation>
    </message>
    <message>
        <source>The name of a folder or file is empty, or begins with a dot.</source>
        <translation>文件夹或文件的名称为空，或以点开头。</translation>
    </message>
    <message>
        <source>The negative prompt has no effect at CFG 1.</source>
        <translation>CFG 为 1 时负面提示词不起作用。</translation>
    </message>
    <message>
        <source>The negative prompt has no effect: {model} has guidance built in.</source>
        <translation>负面提示词不起作用：{model} 内置了引导。</translation>
    </message>
    <message>
        <source>The noise differs a little from what {model} was trained with: its file lacks the statistics, which its folder in the diffusers layout has.</source>
        <translation>噪声与 {model} 训练时的不完全相同：它的文件缺少所需的统计数据，而 diffusers 格式的文件夹中有。</translation>
    </message>
    <message>
        <source>The numbers must decrease, but {next} comes after {previous}.</source>
        <translation>数值必须递减，但 {next} 在 {previous} 之后。</translation>
    </message>
    <message>
        <source>The prompt and settings will be lost when you close it.</source>
        <translation>关闭后提示词和设置不会保留。</translation>
    </message>
    <message>
        <source>The prompt names the LoRA {lora}, which is not applied here.</source>
        <translation>提示词用到 LoRA {lora}，此处不会应用它。</translation>
    </message>
    <message>
        <source>The queue is full: it has {count} jobs.</source>
        <translation>队列已满：已有 {count} 个任务。</translation>
    </message>
    <message>
        <source>The recipe in {path} cannot be used. {error}</source>
        <translation>{path} 中的生成参数无法使用。{error}</translation>
    </message>
    <message>
        <source>The recipe is too long for a JPEG.</source>
        <translation>生成参数过长，JPEG 容纳不下。</translation>
    </message>
    <message>
        <source>The recipe names its {input} in an invalid way.</source>
        <translation>生成参数中的 {input} 写法无效。</translation>
    </message>
    <message>
        <source>The record in {path} cannot be used: {error}.</source>
        <translation>{path} 中的记录无法使用：{error}。</translation>
    </message>
    <message>
        <source>The request has several conditions of the kind {kind}.</source>
        <translation>请求中有多个 {kind} 类型的条件。</translation>
    </message>
    <message>
        <source>The request was made for a model with the hash {expected}; {model} has {actual}.</source>
        <translation>请求适用于哈希值为 {expected} 的模型；{model} 的哈希值为 {actual}。</translation>
    </message>
    <message>
        <source>The saved state does not belong to its own request: the file is damaged.</source>
        <translation>保存的状态与其请求不符：文件已损坏。</translation>
    </message>
    <message>
        <source>The settings file has invalid values: {names}.</source>
        <translation>设置文件含有无效值：{names}。</translation>
    </message>
    <message>
        <source>The settings file, {file}, is damaged.</source>
        <translation>设置文件 {file} 已损坏。</translation>
    </message>
    <message>
        <source>The settings in {path} cannot be read: {error}.</source>
        <translation>无法读取 {path} 中的设置：{error}。</translation>
    </message>
    <message>
        <source>The sigmas from {low} to {high} are not a range within the model&apos;s, {lowest} to {highest}.</source>
        <translation>sigma {low} 至 {high} 不在模型的范围 {lowest} 至 {highest} 之内。</translation>
    </message>
    <message>
        <source>The step index is {index}, outside 0 to {most}.</source>
        <translation>步骤序号为 {index}，超出 0 至 {most}。</translation>
    </message>
    <message>
        <source>The steps in {path} cannot be used: {error}.</source>
        <translation>{path} 中的步骤无法使用：{error}。</translation>
    </message>
    <message>
        <source>The steps of this image are no longer stored.</source>
        <translation>这张图像的步骤已不再保留。</translation>
    </message>
    <message>
        <source>The steps of this image need its model, {model} with the hash {digest}.</source>
        <translation>加载其模型 {model}（哈希值 {digest}）后，才能查看这张图像的步骤。</translation>
    </message>
    <message>
        <source>The styles cannot be written to {path}: {error}.</source>
        <translation>无法把风格写入 {path}：{error}。</translation>
    </message>
    <message>
        <source>The styles in {path} cannot be read: {error}.</source>
        <translation>无法读取 {path} 中的风格：{error}。</translation>
    </message>
    <message>
        <source>The trash may have been emptied.</source>
        <translation>回收站是否已被清空？</translation>
    </message>
    <message>
        <source>The unfinished image could not be resumed and is restarted. {error}</source>
        <translation>未完成的图像无法继续，将从头生成。{error}</translation>
    </message>
    <message>
        <source>The unfinished image of “{prompt}” cannot be read ({error}); it is restarted.</source>
        <translation>“{prompt}”未完成的图像无法读取（{error}）；将从头生成。</translation>
    </message>
    <message>
        <source>The weight of a part is at most {most}; this one is {weight}.</source>
        <translation>权重最大为 {most}；此处为 {weight}。</translation>
    </message>
    <message>
        <source>The weights around this multiply to more than {most}; {most} is used.</source>
        <translation>此处外层权重相乘超过 {most}；使用 {most}。</translation>
    </message>
    <message>
        <source>The wildcard “{name}” is empty.</source>
        <translation>通配符“{name}”是空的。</translation>
    </message>
    <message>
        <source>The wildcards expand to too long a text.</source>
        <translation>通配符展开过大。</translation>
    </message>
    <message>
        <source>The wildcards refer to each other in a circle: {names}.</source>
        <translation>通配符循环引用：{names}。</translation>
    </message>
    <message>
        <source>The {count} readable ones are shown.</source>
        <translation>现在只有能读取的 {count} 个。</translation>
    </message>
    <message>
        <source>The {input} that the recipe names by the digest {digest} is no longer stored.</source>
        <translation>生成参数以摘要 {digest} 指定的 {input} 已不再保留。</translation>
    </message>
    <message>
        <source>The {key} text in {path} cannot be used.</source>
        <translation>{path} 中的 {key} 文本无法使用。</translation>
    </message>
    <message>
        <source>The {name} image is missing.</source>
        <translation>缺少 {name} 图像。</translation>
    </message>
    <message>
        <source>The {name} image is not the one that the request names.</source>
        <translation>{name} 图像不是请求指定的那张。</translation>
    </message>
    <message>
        <source>The {name} image is {dtype} {shape}, not uint8 {expected}.</source>
        <translation>{name} 图像为 {dtype} {shape}，而不是 uint8 {expected}。</translation>
    </message>
    <message>
        <source>The {name} image was given but is not used.</source>
        <translation>提供了 {name} 图像，但没有用到。</translation>
    </message>
    <message>
        <source>The {name} is longer than {most} characters.</source>
        <translation>{name} 超过 {most} 个字符。</translation>
    </message>
    <message>
        <source>Their defaults are used.</source>
        <translation>改用默认值。</translation>
    </message>
    <message>
        <source>There are only {count} options; all of them are chosen.</source>
        <translation>只有 {count} 个可选；全部采用。</translation>
    </message>
    <message>
        <source>There is already a collection “{title}”.</source>
        <translation>已有名为“{title}”的合集。</translation>
    </message>
    <message>
        <source>There is already a style “{name}”.</source>
        <translation>已有名为“{name}”的风格。</translation>
    </message>
    <message>
        <source>There is no field {field}. Did you mean {guess}?</source>
        <translation>没有字段 {field}。您是指 {guess} 吗？</translation>
    </message>
    <message>
        <source>There is no image to start from.</source>
        <translation>没有起始图。</translation>
    </message>
    <message>
        <source>There is no image {number} in the history.</source>
        <translation>历史记录中没有图像 {number}。</translation>
    </message>
    <message>
        <source>There is no model {name}.</source>
        <translation>没有模型 {name}。</translation>
    </message>
    <message>
        <source>There is no style in {file}.</source>
        <translation>{file} 中没有风格。</translation>
    </message>
    <message>
        <source>There is no such step; 0 is used.</source>
        <translation>没有这一步；按 0 处理。</translation>
    </message>
    <message>
        <source>There is no wildcard “{name}”, so this is read as text.</source>
        <translation>没有通配符“{name}”，因此按普通文本处理。</translation>
    </message>
    <message>
        <source>There is no {field}:{text}. Possible: {known}.</source>
        <translation>没有 {field}:{text}。可用：{known}。</translation>
    </message>
    <message>
        <source>There is no {kind} {name}.</source>
        <translation>没有 {kind} {name}。</translation>
    </message>
    <message>
        <source>There is no {name}.</source>
        <translation>没有 {{name}}。</translation>
    </message>
    <message>
        <source>There is not enough memory for the contact sheet.</source>
        <translation>内存不足，无法生成总览图。</translation>
    </message>
    <message>
        <source>There is not enough memory to open {path}.</source>
        <translation>内存不足，无法打开 {path}。</translation>
    </message>
    <message>
        <source>There is not enough memory to read it.</source>
        <translation>内存不足，无法读取。</translation>
    </message>
    <message>
        <source>There is not enough memory to save the image.</source>
        <translation>内存不足，无法保存图像。</translation>
    </message>
    <message>
        <source>There was not enough memory for this image.</source>
        <translation>内存不足，无法生成这张图像。</translation>
    </message>
    <message>
        <source>This collection no longer exists.</source>
        <translation>此合集已不存在。</translation>
    </message>
    <message>
        <source>This is not a number, so 1 is used.</source>
        <translation>这不是数字，因此按 1 处理。</translation>
    </message>
    <message>
        <source>This is not a number, so it is read as text.</source>
        <translation>这不是数字，因此按普通文本处理。</translation>
    </message>
    <message>
        <source>This name is not valid Unicode.</source>
        <translation>此名称不是有效的 Unicode。</translation>
    </message>
    <message>
        <source>This names no LoRA.</source>
        <translation>此处没有写 LoRA 名称。</translation>
    </message>
    <message>
        <source>This needs the model {model}. {error}</source>
        <translation>这需要模型 {model}。{error}</translation>
    </message>
    <message>
        <source>This needs the model {model}; {found} here has the hash {actual}.</source>
        <translation>这需要模型 {model}；此处 {found} 的哈希值为 {actual}。</translation>
    </message>
    <message>
        <source>This needs the {kind} {name} with the hash {expected}; {path} has {actual}.</source>
        <translation>这需要哈希值为 {expected} 的 {kind} {name}；{path} 的哈希值为 {actual}。</translation>
    </message>
    <message>
        <source>This request has version {version}; this program supports {supported}.</source>
        <translation>此请求的版本为 {version}；本程序支持 {supported}。</translation>
    </message>
    <message>
        <source>This text encoder has no projection to pool with.</source>
        <translation>此文本编码器没有用于池化的投影层。</translation>
    </message>
    <message>
        <source>This { is never closed, so it is read as text.</source>
        <translation>此 { 没有闭合，因此按普通文本处理。</translation>
    </message>
    <message>
        <source>This {bracket} has no {opening} before it, so it is read as text. Write \{bracket} for a literal one.</source>
        <translation>此 {bracket} 前面没有 {opening}，因此按普通文本处理。若本意如此，请写成 \{bracket}。</translation>
    </message>
    <message>
        <source>This {bracket} is never closed, so it applies up to the end. Write \{bracket} for a literal one.</source>
        <translation>此 {bracket} 没有闭合，因此作用到末尾。若是普通文本，请写成 \{bracket}。</translation>
    </message>
    <message>
        <source>This {bracket} is never closed, so it is read as text. Write \{bracket} for a literal one.</source>
        <translation>此 {bracket} 没有闭合，因此按普通文本处理。若本意如此，请写成 \{bracket}。</translation>
    </message>
    <message>
        <source>Try again in a moment.</source>
        <translation>请稍后再试。</translation>
    </message>
    <message>
        <source>Turn it off, or choose a flow model.</source>
        <translation>请将其关闭，或选择流模型。</translation>
    </message>
    <message>
        <source>Unknown condition {kind}.</source>
        <translation>未知的条件 {kind}。</translation>
    </message>
    <message>
        <source>Unknown settings in the request: {names}.</source>
        <translation>请求中有未知设置：{names}。</translation>
    </message>
    <message>
        <source>Unknown {name} {value}.</source>
        <translation>未知的 {name} {value}。</translation>
    </message>
    <message>
        <source>Update LDM Studio.</source>
        <translation>请更新 LDM Studio。</translation>
    </message>
    <message>
        <source>Use a multiple of {multiple} up to {most}.</source>
        <translation>请使用 {multiple} 的倍数，最大 {most}。</translation>
    </message>
    <message>
        <source>Use it with a model of its own family.</source>
        <translation>请与它适用的系列模型一起使用。</translation>
    </message>
    <message>
        <source>Use request.each().</source>
        <translation>请使用 request.each()。</translation>
    </message>
    <message>
        <source>Use the newer program, or move the file away to start a new history.</source>
        <translation>请使用更新的程序，或移走该文件以新建历史记录。</translation>
    </message>
    <message>
        <source>Values of the autoencoder overflowed {dtype}: it computed in float32 instead.</source>
        <translation>自编码器的数值超出 {dtype} 的范围：改用 float32 计算。</translation>
    </message>
    <message>
        <source>Wait until some are finished, or remove some.</source>
        <translation>请等一些任务完成，或移除一些。</translation>
    </message>
    <message>
        <source>Windows reserves the name {name}.</source>
        <translation>名称 {name} 是 Windows 的保留名。</translation>
    </message>
    <message>
        <source>With a decimal point this is a fraction of the steps, so from 1 on it never happens.</source>
        <translation>带小数点表示步数的比例，因此 1 及以上永远不会到达。</translation>
    </message>
    <message>
        <source>[from:to:when] needs a number at its end; this is read as text in brackets, with less weight.</source>
        <translation>[from:to:when] 末尾需要数字；此处按减弱的文本处理。</translation>
    </message>
    <message>
        <source>a BERT text encoder</source>
        <translation>BERT 文本编码器</translation>
    </message>
    <message>
        <source>a ControlNet</source>
        <translation>ControlNet</translation>
    </message>
    <message>
        <source>a Flux model</source>
        <translation>Flux 模型</translation>
    </message>
    <message>
        <source>a JSON object is expected</source>
        <translation>应为 JSON 对象</translation>
    </message>
    <message>
        <source>a LoRA</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>a Stable Diffusion 3 model</source>
        <translation>Stable Diffusion 3 模型</translation>
    </message>
    <message>
        <source>a U-Net with classes does not take the conditions of a text encoder</source>
        <translation>U-Net 的类别条件不是文本编码器的条件</translation>
    </message>
    <message>
        <source>a VQ autoencoder</source>
        <translation>VQ 自编码器</translation>
    </message>
    <message>
        <source>a bias in it deviates by {deviation}</source>
        <translation>其中的偏置偏差 {deviation}</translation>
    </message>
    <message>
        <source>a class embedder</source>
        <translation>类别嵌入器</translation>
    </message>
    <message>
        <source>a depth estimator</source>
        <translation>深度估计器</translation>
    </message>
    <message>
        <source>a depth map, brighter where it is nearer</source>
        <translation>深度图，越亮越近</translation>
    </message>
    <message>
        <source>it is a Git LFS pointer in place of the file</source>
        <translation>它是 Git LFS 指针，而不是文件本身</translation>
    </message>
    <message>
        <source>it is a web page in place of the file, such as one to sign in</source>
        <translation>它是网页（例如登录页），而不是文件本身</translation>
    </message>
    <message>
        <source>it is compressed with gzip: unpack it first</source>
        <translation>它是用 gzip 压缩的：请先解压</translation>
    </message>
    <message>
        <source>conventions</source>
        <translation>约定</translation>
    </message>
    <message>
        <source>its configuration of PEFT is damaged: {error}</source>
        <translation>其中的 PEFT 配置已损坏：{error}</translation>
    </message>
    <message>
        <source>{layer} has no {parameter}</source>
        <translation>{layer} 没有 {parameter}</translation>
    </message>
    <message>
        <source>{layer} lacks {tensor}</source>
        <translation>{layer} 缺少 {tensor}</translation>
    </message>
    <message>
        <source>{lora} changes layers by {algorithm}, which is not supported.</source>
        <translation>{lora} 用 {algorithm} 改变各层，尚不支持这种算法。</translation>
    </message>
    <message>
        <source>{lora} changes nothing in {model}: its names are not known: {names}.</source>
        <translation>{lora} 对 {model} 没有任何改变：其中的名称未知：{names}。</translation>
    </message>
    <message>
        <source>a list of texts is expected, not {value}</source>
        <translation>应为文本列表，而不是 {value}</translation>
    </message>
    <message>
        <source>a mask needs at least one pixel, got {width} x {height}</source>
        <translation>蒙版至少需要一个像素，实为 {width} x {height}</translation>
    </message>
    <message>
        <source>a model of an unknown family</source>
        <translation>未知系列的模型</translation>
    </message>
    <message>
        <source>a native LDM Studio model</source>
        <translation>LDM Studio 自有格式的模型</translation>
    </message>
    <message>
        <source>a number is expected, not {value}</source>
        <translation>应为数字，而不是 {value}</translation>
    </message>
    <message>
        <source>a radius is 1 to {most} pixels, not {radius}</source>
        <translation>半径应为 1 至 {most} 像素，实为 {radius}</translation>
    </message>
    <message>
        <source>a rating is 0 to {most} stars, not {stars}</source>
        <translation>评分应为 0 至 {most} 星，而不是 {stars}</translation>
    </message>
    <message>
        <source>a segmentation embedder</source>
        <translation>分割嵌入器</translation>
    </message>
    <message>
        <source>a text encoder</source>
        <translation>文本编码器</translation>
    </message>
    <message>
        <source>addons contain half of a surrogate pair.</source>
        <translation>addons 含有不成对的代理字符。</translation>
    </message>
    <message>
        <source>all in main memory</source>
        <translation>全部在主内存中</translation>
    </message>
    <message>
        <source>all on the GPU: about {needed} of the {free} GB that were free</source>
        <translation>全部在 GPU 上：约占可用 {free} GB 中的 {needed} GB</translation>
    </message>
    <message>
        <source>alpha must be uint8 {expected}, got {shape}</source>
        <translation>alpha 应为 uint8 {expected}，实为 {shape}</translation>
    </message>
    <message>
        <source>an autoencoder (VAE)</source>
        <translation>自编码器 (VAE)</translation>
    </message>
    <message>
        <source>an image encoder</source>
        <translation>图像编码器</translation>
    </message>
    <message>
        <source>beta is {beta}, outside (0, 1).</source>
        <translation>beta 为 {beta}，不在 (0, 1) 内。</translation>
    </message>
    <message>
        <source>characters in a name</source>
        <translation>名称中的字符</translation>
    </message>
    <message>
        <source>chosen by the user</source>
        <translation>由用户选择</translation>
    </message>
    <message>
        <source>control image</source>
        <translation>控制图</translation>
    </message>
    <message>
        <source>expected uint8 [H, W, 3 or 4], got {dtype} {shape}</source>
        <translation>应为 uint8 [H, W, 3 或 4]，实为 {dtype} {shape}</translation>
    </message>
    <message>
        <source>expected uint8 [H, W, 3], got {dtype} {shape}</source>
        <translation>应为 uint8 [H, W, 3]，实为 {dtype} {shape}</translation>
    </message>
    <message>
        <source>for a transparent image, edits of the file cannot be detected</source>
        <translation>透明图像无法判断是否被编辑过</translation>
    </message>
    <message>
        <source>guidance.end is {end}, below guidance.start, which is {start}.</source>
        <translation>guidance.end 为 {end}，小于 guidance.start 的 {start}。</translation>
    </message>
    <message>
        <source>images of {first} and {second} cannot be compared</source>
        <translation>尺寸为 {first} 和 {second} 的图像无法求差异</translation>
    </message>
    <message>
        <source>init image</source>
        <translation>起始图</translation>
    </message>
    <message>
        <source>it became shorter while it was read</source>
        <translation>读取时它变短了</translation>
    </message>
    <message>
        <source>it carries no record of its steps, so only the finished pixels are compared</source>
        <translation>它没有各步的记录，因此只比较最终像素</translation>
    </message>
    <message>
        <source>it claims to hold more than {limit} tensors</source>
        <translation>它声称含有超过 {limit} 个张量</translation>
    </message>
    <message>
        <source>it claims to hold {count} tensors</source>
        <translation>它声称含有 {count} 个张量</translation>
    </message>
    <message>
        <source>it claims to hold {count} {things}</source>
        <translation>它声称含有 {count} {things}</translation>
    </message>
    <message>
        <source>it does not hold an object</source>
        <translation>其内容不是对象</translation>
    </message>
    <message>
        <source>it ends within a name, so it is incomplete</source>
        <translation>它在名称中间结束，文件不完整</translation>
    </message>
    <message>
        <source>it ends within its header, so it is incomplete</source>
        <translation>它在文件头中间结束，文件不完整</translation>
    </message>
    <message>
        <source>it ends within its tensors, so it is incomplete</source>
        <translation>它在张量中间结束，文件不完整</translation>
    </message>
    <message>
        <source>it ends within {tensor}, so it is incomplete</source>
        <translation>它在 {tensor} 中间结束，文件不完整</translation>
    </message>
    <message>
        <source>it gives {tensor} values that are not finite</source>
        <translation>它使 {tensor} 含有非有限值</translation>
    </message>
    <message>
        <source>it has an integer of {count} digits</source>
        <translation>其中有一个 {count} 位的整数</translation>
    </message>
    <message>
        <source>it has another version</source>
        <translation>版本不同</translation>
    </message>
    <message>
        <source>it has data after its last tensor</source>
        <translation>最后一个张量之后还有内容</translation>
    </message>
    <message>
        <source>it has no list of files</source>
        <translation>没有文件列表</translation>
    </message>
    <message>
        <source>it has no tokens</source>
        <translation>没有词元</translation>
    </message>
    <message>
        <source>it has too many vectors, or different numbers of them</source>
        <translation>其向量过多或数量不一致</translation>
    </message>
    <message>
        <source>it has {blocks} blocks, and at most {most} are supported</source>
        <translation>它有 {blocks} 个块，上限为 {most}</translation>
    </message>
    <message>
        <source>it has {count} layers</source>
        <translation>它有 {count} 层</translation>
    </message>
    <message>
        <source>it holds a value of the unknown type {type}</source>
        <translation>它含有未知类型 {type} 的值</translation>
    </message>
    <message>
        <source>it holds an encoder only, and no decoder</source>
        <translation>它只有编码器，没有解码器</translation>
    </message>
    <message>
        <source>it holds no dictionary of tensors</source>
        <translation>它不含张量字典</translation>
    </message>
    <message>
        <source>it holds no known network</source>
        <translation>它不含已知的网络</translation>
    </message>
    <message>
        <source>it holds no tiny decoder (TAESD)</source>
        <translation>它不含小型解码器 (TAESD)</translation>
    </message>
    <message>
        <source>it holds the tensor {tensor}</source>
        <translation>它含有张量 {tensor}</translation>
    </message>
    <message>
        <source>it holds {parts}, but no U-Net, so it is not a whole model</source>
        <translation>它含有 {parts}，但没有 U-Net，因此本身不是模型</translation>
    </message>
    <message>
        <source>it is a GGUF file of the unknown version {version}</source>
        <translation>它是未知版本 {version} 的 GGUF 文件</translation>
    </message>
    <message>
        <source>it is a bare pickle, but not one that PyTorch wrote</source>
        <translation>它是单独的 pickle，但不是 PyTorch 写的那种</translation>
    </message>
    <message>
        <source>it is a zip archive, but not one that PyTorch wrote</source>
        <translation>它是 zip 文件，但不是 PyTorch 写入的格式</translation>
    </message>
    <message>
        <source>it is a {kind} without a U-Net, which is not supported yet</source>
        <translation>它是没有 U-Net 的 {kind}，尚不支持</translation>
    </message>
    <message>
        <source>it is an archive of {count} files</source>
        <translation>它是含 {count} 个文件的归档</translation>
    </message>
    <message>
        <source>it is larger than {limit} bytes</source>
        <translation>它超过 {limit} 字节</translation>
    </message>
    <message>
        <source>it is made for a different model: it changes {numbers} numbers of a layer that has {existing}</source>
        <translation>它是为结构不同的模型制作的：某层有 {existing} 个数，而它改变 {numbers} 个</translation>
    </message>
    <message>
        <source>it is neither a safetensors file nor one that PyTorch wrote</source>
        <translation>它既不是 safetensors 文件，也不是 PyTorch 写入的文件</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>it is not a regular file</source>
        <translation>它不是普通文件</translation>
    </message>
    <message>
        <source>it is not an object</source>
        <translation>它不是对象</translation>
    </message>
    <message>
        <source>it is not text</source>
        <translation>它不是文本</translation>
    </message>
    <message>
        <source>its pickle is damaged: it does not end, or is too long</source>
        <translation>其 pickle 已损坏：没有结尾，或过长</translation>
    </message>
    <message>
        <source>its pickle is damaged: it names something without a name</source>
        <translation>其 pickle 已损坏：它引用的内容没有名称</translation>
    </message>
    <message>
        <source>it is too short to hold weights</source>
        <translation>它太短，不可能含有权重</translation>
    </message>
    <message>
        <source>it is {family}, trained on continuous noise levels, which is not supported yet</source>
        <translation>它是 {family}，在连续的噪声水平上训练，尚不支持</translation>
    </message>
    <message>
        <source>it is {family}, {variant}, which is not supported yet</source>
        <translation>它是 {family}，{variant}，尚不支持</translation>
    </message>
    <message>
        <source>it is {kind}, which is not supported yet</source>
        <translation>它是{kind}，尚不支持用它绘制</translation>
    </message>
    <message>
        <source>it lacks {tensor}</source>
        <translation>缺少 {tensor}</translation>
    </message>
    <message>
        <source>it splits texts with a regular expression</source>
        <translation>它用正则表达式切分文本</translation>
    </message>
    <message>
        <source>it was made elsewhere, by an earlier version, or edited: without a record of its steps the cause is unknown</source>
        <translation>它由其他程序或早期版本生成，或被编辑过：没有各步的记录就无法判断</translation>
    </message>
    <message>
        <source>its U-Net has an unknown architecture</source>
        <translation>其 U-Net 的类型不常见</translation>
    </message>
    <message>
        <source>its U-Net takes {channels} channels, as no known one does</source>
        <translation>其 U-Net 的输入为 {channels} 通道，没有已知模型如此</translation>
    </message>
    <message>
        <source>its alignment is {alignment}</source>
        <translation>其对齐为 {alignment}</translation>
    </message>
    <message>
        <source>its archive asks to be read {size} bytes at once</source>
        <translation>其归档要求一次读取 {size} 字节</translation>
    </message>
    <message>
        <source>its archive holds {file} twice</source>
        <translation>它的压缩包中 {file} 出现了两次</translation>
    </message>
    <message>
        <source>its archive is damaged, or incomplete: {error}</source>
        <translation>其归档已损坏或不完整：{error}</translation>
    </message>
    <message>
        <source>its archive is damaged: a file in it has no header</source>
        <translation>其归档已损坏：其中一个文件没有文件头</translation>
    </message>
    <message>
        <source>its autoencoder does not fit its U-Net</source>
        <translation>其自编码器与其 U-Net 不匹配</translation>
    </message>
    <message>
        <source>its autoencoder does not fit {model}</source>
        <translation>其自编码器不适用于 {model}</translation>
    </message>
    <message>
        <source>its autoencoder has a latents_mean</source>
        <translation>它的自编码器带有 latents_mean</translation>
    </message>
    <message>
        <source>its autoencoder has an unknown architecture</source>
        <translation>其自编码器类型未知</translation>
    </message>
    <message>
        <source>its autoencoder has impossible sizes</source>
        <translation>其自编码器的尺寸不可能成立</translation>
    </message>
    <message>
        <source>its autoencoder is a VQ autoencoder, which is not supported yet</source>
        <translation>其自编码器为 VQ 类型，尚不支持</translation>
    </message>
    <message>
        <source>its first layer has the shape {shape}</source>
        <translation>其第一层的形状为 {shape}</translation>
    </message>
    <message>
        <source>its folders</source>
        <translation>其文件夹</translation>
    </message>
    <message>
        <source>its header is not valid JSON</source>
        <translation>其文件头不是有效的 JSON</translation>
    </message>
    <message>
        <source>its header is not a table of tensors</source>
        <translation>其文件头不是张量表</translation>
    </message>
    <message>
        <source>Choose that folder.</source>
        <translation>请选择那个文件夹。</translation>
    </message>
    <message>
        <source>Download that file of the model, too.</source>
        <translation>请把模型的这个文件也下载下来。</translation>
    </message>
    <message>
        <source>The embedding {embedding} is read as text: {reason}</source>
        <translation>嵌入 {embedding} 被当作文本读取：{reason}</translation>
    </message>
    <message>
        <source>There is no embedding {embedding}; it is read as text.</source>
        <translation>没有嵌入 {embedding}；它被当作文本读取。</translation>
    </message>
    <message>
        <source>Weights range from {least} to {most}; {weight} is used here.</source>
        <translation>权重从 {least} 到 {most}；这里使用 {weight}。</translation>
    </message>
    <message>
        <source>it does not hold the vectors of a word</source>
        <translation>它不含词的向量</translation>
    </message>
    <message>
        <source>it is the answer of a website in place of the file</source>
        <translation>它是网站的答复，而不是文件本身</translation>
    </message>
    <message>
        <source>its folder {folder} is missing</source>
        <translation>缺少其文件夹 {folder}</translation>
    </message>
    <message>
        <source>its header names {tensor} twice</source>
        <translation>其文件头两次列出 {tensor}</translation>
    </message>
    <message>
        <source>its image encoder does not fit its U-Net</source>
        <translation>它的图像编码器与它的 U-Net 不匹配</translation>
    </message>
    <message>
        <source>its image encoder does not take images of {side} pixels</source>
        <translation>它的图像编码器所看图像的边长不是 {side} 像素</translation>
    </message>
    <message>
        <source>its image encoder has {width} dimensions, as no CLIP image encoder has</source>
        <translation>它的图像编码器宽度为 {width}，没有这样的 CLIP</translation>
    </message>
    <message>
        <source>its latents&apos; mean {mean} and deviation {deviation} are impossible</source>
        <translation>其潜变量的均值 {mean} 和标准差 {deviation} 不可能成立</translation>
    </message>
    <message>
        <source>its metadata name the architecture</source>
        <translation>其元数据指明了架构</translation>
    </message>
    <message>
        <source>its metadata say {prediction}</source>
        <translation>其元数据写明 {prediction}</translation>
    </message>
    <message>
        <source>its model.json says so</source>
        <translation>其 model.json 如此注明</translation>
    </message>
    <message>
        <source>its noise levels from {low} to {high} are impossible</source>
        <translation>其噪声水平 {low} 到 {high} 不可能成立</translation>
    </message>
    <message>
        <source>its numbers are big-endian</source>
        <translation>其数值为大端序</translation>
    </message>
    <message>
        <source>its pickle has the instruction {name}, which no checkpoint needs</source>
        <translation>其 pickle 含有指令 {name}：检查点不需要它</translation>
    </message>
    <message>
        <source>its pickle is damaged: a mark is missing</source>
        <translation>它的 pickle 已损坏：缺少标记</translation>
    </message>
    <message>
        <source>its pickle is damaged: a tensor has an impossible shape</source>
        <translation>它的 pickle 已损坏：张量的形状不可能存在</translation>
    </message>
    <message>
        <source>its pickle is damaged: a value is missing</source>
        <translation>它的 pickle 已损坏：缺少值</translation>
    </message>
    <message>
        <source>its pickle is damaged: it appends to something that is not a list</source>
        <translation>它的 pickle 已损坏：向非列表追加</translation>
    </message>
    <message>
        <source>its pickle is damaged: it calls {name} with wrong arguments</source>
        <translation>它的 pickle 已损坏：调用 {name} 的参数有误</translation>
    </message>
    <message>
        <source>its pickle is damaged: it reads a memo that was never written</source>
        <translation>它的 pickle 已损坏：引用了未记录的内容</translation>
    </message>
    <message>
        <source>its pickle is damaged: it sets items of something that is not a dictionary</source>
        <translation>它的 pickle 已损坏：给非字典设置项</translation>
    </message>
    <message>
        <source>its pickle is damaged: {error}</source>
        <translation>它的 pickle 已损坏：{error}</translation>
    </message>
    <message>
        <source>its pickle is larger than any checkpoint&apos;s, or compressed</source>
        <translation>其 pickle 过大或被压缩</translation>
    </message>
    <message>
        <source>its pickle names {name}, which no description of tensors needs: it may be malicious; nothing of it was run</source>
        <translation>其 pickle 引用了描述张量所不需要的 {name}：可能是恶意文件；没有执行其中任何内容</translation>
    </message>
    <message>
        <source>its pickle refers to something that is not the storage of a tensor</source>
        <translation>其 pickle 引用了不是张量元素的内容</translation>
    </message>
    <message>
        <source>its recipe does not match its digest</source>
        <translation>其生成参数与摘要不符</translation>
    </message>
    <message>
        <source>its record has {recorded} steps, the replay {actual}</source>
        <translation>其记录有 {recorded} 步，重放有 {actual} 步</translation>
    </message>
    <message>
        <source>its scheduler has an unknown sigma_data of {sigma_data}</source>
        <translation>其调度器的 sigma_data 为 {sigma_data}，与已知的都不同</translation>
    </message>
    <message>
        <source>its scheduler is configured for it</source>
        <translation>其调度器如此配置</translation>
    </message>
    <message>
        <source>its sizes {sizes} are impossible</source>
        <translation>其尺寸 {sizes} 不可能存在</translation>
    </message>
    <message>
        <source>its steps are {dtype} {shape}</source>
        <translation>其步骤为 {dtype} {shape}</translation>
    </message>
    <message>
        <source>its storages are not those that it describes</source>
        <translation>其中的元素不是它所描述的那些</translation>
    </message>
    <message>
        <source>its tensors are compressed, which PyTorch never does</source>
        <translation>其张量被压缩，而 PyTorch 从不如此</translation>
    </message>
    <message>
        <source>its tensors claim to be larger than the file</source>
        <translation>它的张量声称的大小超过了文件本身</translation>
    </message>
    <message>
        <source>its tensors claim to be much larger than the file</source>
        <translation>它的张量声称的大小远远超过了文件本身</translation>
    </message>
    <message>
        <source>its tensors have impossibly long names</source>
        <translation>其张量的名称长得不可能</translation>
    </message>
    <message>
        <source>its text encoder has {width} dimensions, as no CLIP text encoder has</source>
        <translation>其文本编码器宽度为 {width}，没有 CLIP 如此</translation>
    </message>
    <message>
        <source>its text encoder lacks words</source>
        <translation>其文本编码器缺少词汇</translation>
    </message>
    <message>
        <source>its text encoders do not fit its U-Net</source>
        <translation>其文本编码器与其 U-Net 不匹配</translation>
    </message>
    <message>
        <source>its {name} is {value}</source>
        <translation>其 {name} 为 {value}</translation>
    </message>
    <message>
        <source>its {network} has unknown tensors: {tensors}</source>
        <translation>其 {network} 含有未知部分：{tensors}</translation>
    </message>
    <message>
        <source>its {network} lacks {tensors}</source>
        <translation>其 {network} 缺少 {tensors}</translation>
    </message>
    <message>
        <source>label map</source>
        <translation>标签图</translation>
    </message>
    <message>
        <source>latent diffusion of ImageNet&apos;s classes</source>
        <translation>按 ImageNet 类别生成的潜在扩散</translation>
    </message>
    <message>
        <source>latent diffusion without conditions</source>
        <translation>无条件的潜在扩散</translation>
    </message>
    <message>
        <source>latent diffusion, inpainting</source>
        <translation>局部重绘的潜在扩散</translation>
    </message>
    <message>
        <source>latent diffusion, semantic synthesis</source>
        <translation>语义合成的潜在扩散</translation>
    </message>
    <message>
        <source>latent diffusion, super-resolution</source>
        <translation>超分辨率的潜在扩散</translation>
    </message>
    <message>
        <source>latent diffusion, text to image (1.45 billion parameters)</source>
        <translation>文本到图像的潜在扩散（14.5 亿参数）</translation>
    </message>
    <message>
        <source>latent diffusion, text to image of 256 pixels</source>
        <translation>文本到 256 像素图像的潜在扩散</translation>
    </message>
    <message>
        <source>line {line} is not JSON</source>
        <translation>第 {line} 行不是 JSON</translation>
    </message>
    <message>
        <source>mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>max_side is {side}, outside 1 to {most}</source>
        <translation>max_side 为 {side}，超出 1 至 {most}</translation>
    </message>
    <message>
        <source>models of its family usually do</source>
        <translation>该系列的模型通常如此</translation>
    </message>
    <message>
        <source>noise</source>
        <translation>噪声</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>not a list of changes: {text}</source>
        <translation>不是改动列表：{text}</translation>
    </message>
    <message>
        <source>one at a time on the GPU, and there may not be room: about {needed} of the {free} GB that were free</source>
        <translation>轮流放到 GPU 上，空间可能不够：约占可用 {free} GB 中的 {needed} GB</translation>
    </message>
    <message>
        <source>one at a time on the GPU: about {needed} of the {free} GB that were free</source>
        <translation>轮流放到 GPU 上：约占可用 {free} GB 中的 {needed} GB</translation>
    </message>
    <message>
        <source>prompt_tokens is {tokens}, outside 2 to {most}</source>
        <translation>prompt_tokens 为 {tokens}，超出 2 至 {most}</translation>
    </message>
    <message>
        <source>residual blocks</source>
        <translation>残差块</translation>
    </message>
    <message>
        <source>rho is {rho}, not above 0.</source>
        <translation>rho 为 {rho}，不大于 0。</translation>
    </message>
    <message>
        <source>sampler</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>schedule</source>
        <translation>调度</translation>
    </message>
    <message>
        <source>sides of {tensor}</source>
        <translation>{tensor} 的维度</translation>
    </message>
    <message>
        <source>sigma_min {low} is not below sigma_max {high}.</source>
        <translation>sigma_min {low} 不小于 sigma_max {high}。</translation>
    </message>
    <message>
        <source>some of its blocks are missing ({pattern})</source>
        <translation>缺少部分块（{pattern}）</translation>
    </message>
    <message>
        <source>strength is {strength}, outside (0, 1].</source>
        <translation>强度为 {strength}，不在 (0, 1] 内。</translation>
    </message>
    <message>
        <source>strength is {strength}, outside [0, 1].</source>
        <translation>强度为 {strength}，不在 [0, 1] 内。</translation>
    </message>
    <message>
        <source>tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>tensors called {names}</source>
        <translation>名为 {names} 的张量</translation>
    </message>
    <message>
        <source>text encoder layers</source>
        <translation>文本编码器层</translation>
    </message>
    <message>
        <source>the .yaml beside it says so</source>
        <translation>旁边的 .yaml 如此写明</translation>
    </message>
    <message>
        <source>the U-Net does not have the autoencoder&apos;s {channels} channels</source>
        <translation>U-Net 的通道数与自编码器的 {channels} 不符</translation>
    </message>
    <message>
        <source>the U-Net&apos;s conditions do not have the text encoder&apos;s {width} dimensions</source>
        <translation>U-Net 的条件宽度与文本编码器的 {width} 不符</translation>
    </message>
    <message>
        <source>the U-Net&apos;s depths and multipliers differ in number</source>
        <translation>U-Net 的深度与倍率数量不一致</translation>
    </message>
    <message>
        <source>the U-Net&apos;s depths on the way up do not match its blocks</source>
        <translation>U-Net 上行路径的深度与其块数不符</translation>
    </message>
    <message>
        <source>the defaults are not a valid request: {error}</source>
        <translation>默认值无法使用：{error}</translation>
    </message>
    <message>
        <source>the device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>the file&apos;s pixels were edited after it was made</source>
        <translation>文件的像素在生成后被编辑过</translation>
    </message>
    <message>
        <source>the format is not {format}</source>
        <translation>格式不是 {format}</translation>
    </message>
    <message>
        <source>the image is empty or could not be read</source>
        <translation>图像为空或无法读取</translation>
    </message>
    <message>
        <source>the latent statistics do not have {channels} channels</source>
        <translation>潜变量统计量与 {channels} 通道不符</translation>
    </message>
    <message>
        <source>the latents&apos; standard deviations are not above 0</source>
        <translation>潜变量的标准差不大于 0</translation>
    </message>
    <message>
        <source>the machine is the same, so the recipe or the record in the file was edited after it was made</source>
        <translation>机器环境没有不同，因此文件中的生成参数或记录在生成后被编辑过</translation>
    </message>
    <message>
        <source>the mask must be uint8 {expected}, got {dtype} {shape}</source>
        <translation>蒙版应为 uint8 {expected}，实为 {dtype} {shape}</translation>
    </message>
    <message>
        <source>the mean of its latents does not fit its U-Net</source>
        <translation>其潜变量的均值与它的 U-Net 不匹配</translation>
    </message>
    <message>
        <source>the model may differ: the recipe does not name its hash</source>
        <translation>模型可能不同：生成参数没有记录其哈希值</translation>
    </message>
    <message>
        <source>the number of threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>the output folder</source>
        <translation>输出文件夹</translation>
    </message>
    <message>
        <source>the pixels of the file do not match its record either</source>
        <translation>文件的像素也与其记录不符</translation>
    </message>
    <message>
        <source>the precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>the processor&apos;s vector instructions</source>
        <translation>处理器的向量指令</translation>
    </message>
    <message>
        <source>the small image to enlarge</source>
        <translation>要放大的小图</translation>
    </message>
    <message>
        <source>the storage {storage} does not have the stated size</source>
        <translation>元素 {storage} 的大小与声明不符</translation>
    </message>
    <message>
        <source>the storage {storage} is described twice</source>
        <translation>元素 {storage} 被描述了两次</translation>
    </message>
    <message>
        <source>the storage {storage} is missing</source>
        <translation>缺少元素 {storage}</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>操作系统</translation>
    </message>
    <message>
        <source>the tensors of {layer} do not fit together: {error}</source>
        <translation>{layer} 的张量彼此不符：{error}</translation>
    </message>
    <message>
        <source>the version of LDM Studio&apos;s arithmetic</source>
        <translation>LDM Studio 的算法版本</translation>
    </message>
    <message>
        <source>the width is not a multiple of 2 or of the heads</source>
        <translation>宽度不是 2 或注意力头数的倍数</translation>
    </message>
    <message>
        <source>there are {count} magnitudes for {channels} channels</source>
        <translation>有 {count} 个幅值，而通道有 {channels} 个</translation>
    </message>
    <message>
        <source>there is no image to mask</source>
        <translation>没有可加蒙版的图像</translation>
    </message>
    <message>
        <source>transformer blocks</source>
        <translation>Transformer 块</translation>
    </message>
    <message>
        <source>true or false is expected, not {value}</source>
        <translation>应为 true 或 false，而不是 {value}</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>unknown prediction {prediction}</source>
        <translation>未知的预测类型 {prediction}</translation>
    </message>
    <message>
        <source>unknown value {value}</source>
        <translation>未知的值 {value}</translation>
    </message>
    <message>
        <source>unknown {kind} {name}. Known: {names}.</source>
        <translation>未知的{kind} {name}。可用：{names}。</translation>
    </message>
    <message>
        <source>unknown {kind} {name}. Similar: {similar}. Known: {names}.</source>
        <translation>未知的{kind} {name}。相近：{similar}。可用：{names}。</translation>
    </message>
    <message>
        <source>values</source>
        <translation>值</translation>
    </message>
    <message>
        <source>values in a list</source>
        <translation>列表中的值</translation>
    </message>
    <message>
        <source>{channels} channels cannot be divided among {heads} heads</source>
        <translation>{channels} 个通道无法平分给 {heads} 个注意力头</translation>
    </message>
    <message>
        <source>{count} boxes are more than {most}.</source>
        <translation>{count} 个框超过了上限 {most}。</translation>
    </message>
    <message>
        <source>{count} numbers are more than {most}.</source>
        <translation>{count} 个数值超过上限 {most} 个。</translation>
    </message>
    <message>
        <source>{count} sigmas do not make {steps} steps.</source>
        <translation>{count} 个 sigma 与 {steps} 步不符。</translation>
    </message>
    <message>
        <source>{count} {things} are more than {most}</source>
        <translation>{count} {things} 超过 {most}</translation>
    </message>
    <message>
        <source>{digest} is not a SHA-256 digest in hex.</source>
        <translation>{digest} 不是十六进制的 SHA-256 摘要。</translation>
    </message>
    <message>
        <source>{done} of {count} images are finished</source>
        <translation>已完成 {done}/{count} 张图像</translation>
    </message>
    <message>
        <source>{error}.</source>
        <translation>{error}。</translation>
    </message>
    <message>
        <source>{field} can occur only once.</source>
        <translation>{field} 只能出现一次。</translation>
    </message>
    <message>
        <source>{field} needs a value.</source>
        <translation>{field}: 之后缺少值。</translation>
    </message>
    <message>
        <source>{file} cannot be read: {error}</source>
        <translation>无法读取 {file}：{error}</translation>
    </message>
    <message>
        <source>{file} cannot be read: {error}.</source>
        <translation>无法读取 {file}：{error}。</translation>
    </message>
    <message>
        <source>{file} cannot be renamed: {error}.</source>
        <translation>无法命名为 {file}：{error}。</translation>
    </message>
    <message>
        <source>{file} has no weight_map</source>
        <translation>{file} 没有 weight_map</translation>
    </message>
    <message>
        <source>{file} is damaged: {error}</source>
        <translation>{file} 已损坏：{error}</translation>
    </message>
    <message>
        <source>{file} is not a JSON object</source>
        <translation>{file} 不是 JSON 对象</translation>
    </message>
    <message>
        <source>{file} is not a table of styles.</source>
        <translation>{file} 不是风格表。</translation>
    </message>
    <message>
        <source>{file} is not a table of styles: {error}.</source>
        <translation>{file} 不是风格表：{error}。</translation>
    </message>
    <message>
        <source>{folder} holds no weights of a decoder.</source>
        <translation>{folder} 不含解码器权重。</translation>
    </message>
    <message>
        <source>{folder} holds no weights.</source>
        <translation>{folder} 不含权重。</translation>
    </message>
    <message>
        <source>{guess}Known: {names}; or name a model&apos;s file or folder.</source>
        <translation>{guess}可用：{names}；或指定模型的文件或文件夹。</translation>
    </message>
    <message>
        <source>{index} names {file}, which is missing</source>
        <translation>{index} 引用了 {file}，但它不在旁边</translation>
    </message>
    <message>
        <source>{lora} is a LoRA for {family}; {model} belongs to the family {own}.</source>
        <translation>{lora} 是 {family} 的 LoRA；{model} 属于 {own} 系列。</translation>
    </message>
    <message>
        <source>{lora} is for another family; {model} belongs to the family {own}.</source>
        <translation>{lora} 适用于其他系列；{model} 属于 {own} 系列。</translation>
    </message>
    <message>
        <source>{message} {hint}</source>
        <translation>{message}{hint}</translation>
    </message>
    <message>
        <source>{model} cannot continue an image of {other}: its latent space is different.</source>
        <translation>{model} 无法继续 {other} 开始的图像：两者的潜变量不同。</translation>
    </message>
    <message>
        <source>{model} does not know the noise level {noise_level}.</source>
        <translation>{model} 没有 {noise_level} 这个噪声等级。</translation>
    </message>
    <message>
        <source>{model} does not support LoRAs.</source>
        <translation>{model} 不支持 LoRA。</translation>
    </message>
    <message>
        <source>{model} does not support a {name} of {side} pixels.</source>
        <translation>{model} 无法绘制 {name} 为 {side} 像素的图像。</translation>
    </message>
    <message>
        <source>{model} does not support tiles of {side} pixels.</source>
        <translation>{model} 无法绘制 {side} 像素的分块。</translation>
    </message>
    <message>
        <source>{model} edits images; it needs one to start from.</source>
        <translation>{model} 用于编辑图像，需要一张起始图。</translation>
    </message>
    <message>
        <source>{model} enlarges images; it needs one to start from.</source>
        <translation>{model} 用于放大图像，需要一张起始图。</translation>
    </message>
    <message>
        <source>{model} has no control image.</source>
        <translation>{model} 没有控制图。</translation>
    </message>
    <message>
        <source>{model} is not a flow model: CFG-Zero* is only for these.</source>
        <translation>{model} 不是流模型：CFG-Zero* 只适用于此类模型。</translation>
    </message>
    <message>
        <source>{model} is not conditioned on {kind}.</source>
        <translation>{model} 不接受 {kind} 条件。</translation>
    </message>
    <message>
        <source>{model} is used without the LoRA {lora}.</source>
        <translation>{model} 接手时不使用 LoRA {lora}。</translation>
    </message>
    <message>
        <source>{model} needs a depth map.</source>
        <translation>{model} 需要深度图。</translation>
    </message>
    <message>
        <source>{model} needs {input}.</source>
        <translation>{model} 需要 {input}。</translation>
    </message>
    <message>
        <source>{model} takes no prompt.</source>
        <translation>{model} 不接受提示词。</translation>
    </message>
    <message>
        <source>{model} with the hash {hash}</source>
        <translation>{model}（哈希 {hash}）</translation>
    </message>
    <message>
        <source>{names} and {count} more</source>
        <translation>{names} 以及另外 {count} 个</translation>
    </message>
    <message>
        <source>{name} contains half of a surrogate pair.</source>
        <translation>{name} 含有不完整的代理对。</translation>
    </message>
    <message>
        <source>{name} has an unknown field {field}</source>
        <translation>{name} 有未知字段 {field}</translation>
    </message>
    <message>
        <source>{name} is {value}, not {type}</source>
        <translation>{name} 为 {value}，而不是 {type}</translation>
    </message>
    <message>
        <source>{name} is {value}, outside {low} to {high}</source>
        <translation>{name} 为 {value}，超出 {low} 至 {high}</translation>
    </message>
    <message>
        <source>{name} is {value}, outside {low} to {high}.</source>
        <translation>{name} 为 {value}，超出 {low} 至 {high}。</translation>
    </message>
    <message>
        <source>{name} lacks the field {field}</source>
        <translation>{name} 缺少字段 {field}</translation>
    </message>
    <message>
        <source>{name} must be a list of at most {most} items.</source>
        <translation>{name} 必须是最多 {most} 项的列表。</translation>
    </message>
    <message>
        <source>{name} must be a {type}.</source>
        <translation>{name} 必须是 {type}。</translation>
    </message>
    <message>
        <source>{name} must be {type}, not {value}.</source>
        <translation>{name} 必须是 {type}，而不是 {value}。</translation>
    </message>
    <message>
        <source>{name}: {then} when it was made, {now} here</source>
        <translation>{name}：生成时为 {then}，此处为 {now}</translation>
    </message>
    <message>
        <source>{number} is not above 0, or above {most}.</source>
        <translation>{number} 不大于 0，或大于 {most}。</translation>
    </message>
    <message>
        <source>{path} cannot be moved to the trash: it is missing.</source>
        <translation>无法把 {path} 移到回收站：文件不存在。</translation>
    </message>
    <message>
        <source>{path} cannot be moved to the trash: it is protected.</source>
        <translation>无法把 {path} 移到回收站：没有移动权限。</translation>
    </message>
    <message>
        <source>{path} cannot be read. {error}</source>
        <translation>无法读取 {path}。{error}</translation>
    </message>
    <message>
        <source>{path} cannot be read: it is damaged ({error}).</source>
        <translation>无法读取 {path}：文件已损坏（{error}）。</translation>
    </message>
    <message>
        <source>{path} cannot be read: {error}.</source>
        <translation>无法读取 {path}：{error}。</translation>
    </message>
    <message>
        <source>{path} cannot be restored: there is another file of this name now.</source>
        <translation>无法恢复 {path}：现在已有同名文件。</translation>
    </message>
    <message>
        <source>{path} cannot be restored: {error}.</source>
        <translation>无法恢复 {path}：{error}。</translation>
    </message>
    <message>
        <source>{path} cannot be saved: {error}.</source>
        <translation>无法保存 {path}：{error}。</translation>
    </message>
    <message>
        <source>{path} cannot be used: {error}.</source>
        <translation>无法使用 {path}：{error}。</translation>
    </message>
    <message>
        <source>{path} cannot be written: {error}.</source>
        <translation>无法写入 {path}：{error}。</translation>
    </message>
    <message>
        <source>{path} contains no recipe of LDM Studio, so it cannot be reproduced.</source>
        <translation>{path} 不含 LDM Studio 的生成参数，因此无法重新生成。</translation>
    </message>
    <message>
        <source>{path} could not be read and is not overwritten.</source>
        <translation>无法读取 {path}，也不会覆盖它。</translation>
    </message>
    <message>
        <source>{path} decodes latents of {channels} channels to images {factor} times as large; this model has {expected_channels} channels and a factor of {expected_factor}.</source>
        <translation>{path} 把 {channels} 通道的潜变量解码为 {factor} 倍大的图像；此模型的潜变量为 {expected_channels} 通道，图像为 {expected_factor} 倍大。</translation>
    </message>
    <message>
        <source>{path} does not describe a model: {error}.</source>
        <translation>{path} 描述的不是模型：{error}。</translation>
    </message>
    <message>
        <source>{path} does not match its name, a digest: it is damaged.</source>
        <translation>{path} 与其名称不符：图像已损坏。</translation>
    </message>
    <message>
        <source>{path} has an index of {dtype} {shape}.</source>
        <translation>{path} 的索引为 {dtype} {shape}。</translation>
    </message>
    <message>
        <source>{path} has invalid metadata</source>
        <translation>{path} 的元数据无效</translation>
    </message>
    <message>
        <source>{path} has more than {most} million pixels.</source>
        <translation>{path} 超过 {most} 百万像素。</translation>
    </message>
    <message>
        <source>{path} has tokens that the text encoder lacks.</source>
        <translation>{path} 含有文本编码器没有的词元。</translation>
    </message>
    <message>
        <source>{path} has too many pixels for a thumbnail.</source>
        <translation>{path} 像素过多，无法生成缩略图。</translation>
    </message>
    <message>
        <source>{path} has {folders}, but no model_index.json.</source>
        <translation>{path} 里有 {folders}，但没有 model_index.json。</translation>
    </message>
    <message>
        <source>{path} holds no autoencoder (VAE).</source>
        <translation>{path} 不含自编码器 (VAE)。</translation>
    </message>
    <message>
        <source>{path} is an embedding; this model does not support embeddings.</source>
        <translation>{path} 是嵌入；此模型不支持嵌入。</translation>
    </message>
    <message>
        <source>{path} is damaged: {error}</source>
        <translation>{path} 已损坏：{error}</translation>
    </message>
    <message>
        <source>{path} is larger than {limit} bytes, too large for a state.</source>
        <translation>{path} 超过 {limit} 字节，作为状态文件过大。</translation>
    </message>
    <message>
        <source>{path} is made for text encoders of {widths} dimensions; this model has {expected}.</source>
        <translation>{path} 适用于宽度为 {widths} 的文本编码器；此模型的宽度为 {expected}。</translation>
    </message>
    <message>
        <source>{path} is missing.</source>
        <translation>{path} 不存在。</translation>
    </message>
    <message>
        <source>{path} is not a model, but {folder} is.</source>
        <translation>{path} 不是模型，{folder} 才是。</translation>
    </message>
    <message>
        <source>{path} is not a model: it has neither a model.json nor a model_index.json.</source>
        <translation>{path} 不是模型：既没有 model.json，也没有 model_index.json。</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file with metadata</source>
        <translation>{path} 不是带元数据的可读取 safetensors 文件</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file: {error}</source>
        <translation>{path} 不是可读取的 safetensors 文件：{error}</translation>
    </message>
    <message>
        <source>{path} is not a readable safetensors file: {error}.</source>
        <translation>{path} 不是可读取的 safetensors 文件：{error}。</translation>
    </message>
    <message>
        <source>{path} is not a readable tokenizer: {error}.</source>
        <translation>{path} 不是可读取的分词器：{error}。</translation>
    </message>
    <message>
        <source>{path} is not a state: it holds {tensors}.</source>
        <translation>{path} 不是状态文件：其内容为 {tensors}。</translation>
    </message>
    <message>
        <source>{path} is not a usable saved state: {error}.</source>
        <translation>{path} 不是可用的保存轨迹：{error}。</translation>
    </message>
    <message>
        <source>{path} is not an image, or is damaged.</source>
        <translation>{path} 不是图像，或已损坏。</translation>
    </message>
    <message>
        <source>{path} is not the image that {name} was.</source>
        <translation>{path} 与原来的 {name} 不是同一张图像。</translation>
    </message>
    <message>
        <source>{path} is {mode}, neither RGB nor grey.</source>
        <translation>{path} 为 {mode}，既不是 RGB 也不是灰度。</translation>
    </message>
    <message>
        <source>{path} lacks {parts}.</source>
        <translation>{path} 缺少 {parts}。</translation>
    </message>
    <message>
        <source>{path}: {problem}</source>
        <translation>{path}：{problem}</translation>
    </message>
    <message>
        <source>{sampler} has no option {option}.</source>
        <translation>{sampler} 没有选项 {option}。</translation>
    </message>
    <message>
        <source>{schedule} has no rho.</source>
        <translation>{schedule} 没有 rho。</translation>
    </message>
    <message>
        <source>{tensor} cannot have had the shape {shape}</source>
        <translation>{tensor} 的形状不可能是 {shape}</translation>
    </message>
    <message>
        <source>{tensor} does not have the size of its shape {shape}</source>
        <translation>{tensor} 的大小与其形状 {shape} 不符</translation>
    </message>
    <message>
        <source>{tensor} does not hold vectors</source>
        <translation>{tensor} 不含向量</translation>
    </message>
    <message>
        <source>{tensor} has an impossible shape</source>
        <translation>{tensor} 的形状不可能存在</translation>
    </message>
    <message>
        <source>{tensor} has the shape {shape}</source>
        <translation>{tensor} 的形状为 {shape}</translation>
    </message>
    <message>
        <source>{tensor} has the shape {shape}, not {expected}</source>
        <translation>{tensor} 的形状为 {shape}，而不是 {expected}</translation>
    </message>
    <message>
        <source>{tensor} has the unknown dtype {dtype}</source>
        <translation>{tensor} 有未知元素 {dtype}</translation>
    </message>
    <message>
        <source>{tensor} has {count} numbers, not {expected}</source>
        <translation>{tensor} 有 {count} 个数值，而不是 {expected} 个</translation>
    </message>
    <message>
        <source>{tensor} holds values that are not finite</source>
        <translation>{tensor} 含有非有限值</translation>
    </message>
    <message>
        <source>{tensor} holds {dtype}</source>
        <translation>{tensor} 的类型为 {dtype}</translation>
    </message>
    <message>
        <source>{tensor} is empty</source>
        <translation>{tensor} 是空的</translation>
    </message>
    <message>
        <source>{tensor} is in more than one of its files</source>
        <translation>{tensor} 出现在多个文件中</translation>
    </message>
    <message>
        <source>{tensor} is not described as a tensor</source>
        <translation>{tensor} 没有被描述为张量</translation>
    </message>
    <message>
        <source>{tensor} of the shape {shape} does not consist of whole blocks</source>
        <translation>形状为 {shape} 的 {tensor} 不是整块</translation>
    </message>
    <message>
        <source>{tensor} overlaps another tensor or leaves a gap</source>
        <translation>{tensor} 的位置与其他重叠或留有空隙</translation>
    </message>
    <message>
        <source>{tensor} reaches beyond its storage</source>
        <translation>{tensor} 超出其元素范围</translation>
    </message>
    <message>
        <source>{text} has no end. Write 20..30, 20.. or ..30.</source>
        <translation>{text} 没有端点。请写成 20..30、20.. 或 ..30。</translation>
    </message>
    <message>
        <source>{text} has no end. Write 2026-11-01..2026-11-20.</source>
        <translation>{text} 没有端点。请写成 2026-11-01..2026-11-20。</translation>
    </message>
    <message>
        <source>{text} is not a date. Write 2026-11-23, 2026-11, 2026, today, yesterday or 7d.</source>
        <translation>{text} 不是日期。请写成 2026-11-23、2026-11、2026、today、yesterday 或 7d。</translation>
    </message>
    <message>
        <source>{text} is not a number. Write 20, &gt;=20, &lt;20 or 20..30.</source>
        <translation>{text} 不是数字。请写成 20、&gt;=20、&lt;20 或 20..30。</translation>
    </message>
    <message>
        <source>{text} is not a size. Write it as 512x768.</source>
        <translation>{text} 不是尺寸。请写成 512x768。</translation>
    </message>
    <message>
        <source>{type} is expected, not {value}</source>
        <translation>应为 {type}，而不是 {value}</translation>
    </message>
    <message>
        <source>“{key}” is unknown and is ignored.</source>
        <translation>不认识“{key}”；已略过。</translation>
    </message>
    <message>
        <source>“{name}” is not a valid name on every system.</source>
        <translation>“{name}”并非在所有系统上都能用作名称。</translation>
    </message>
    <message>
        <source>“{text}” is not a number.</source>
        <translation>“{text}”不是数字。</translation>
    </message>
</context>
</TS>
